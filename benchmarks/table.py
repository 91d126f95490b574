"""A table in Markdown: what a benchmark prints, and what is copied into README as it is."""


class Table:
    """Rows of text under headings, aligned."""

    def __init__(self, *headings: str) -> None:
        self._rows = [headings]

    def row(self, *cells: str) -> None:
        self._rows.append(cells)

    def __str__(self) -> str:
        widths = [max(len(row[column]) for row in self._rows) for column in range(len(self._rows[0]))]
        lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in self._rows]
        lines.insert(1, "-|-".join("-" * width for width in widths))
        return "\n".join(f"| {line} |" for line in lines)
