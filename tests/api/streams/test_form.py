"""Frames, beside those of the library."""

import pytest
from websockets.frames import Frame, Opcode

from hypersim.api.binance.streams.form import text_frame


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65535, 65536, 100_000])
def test_a_text_frame_is_that_of_the_library(length: int) -> None:
    text = b"x" * length

    assert Frame(Opcode.TEXT, text).serialize(mask=False) == text_frame(text)
