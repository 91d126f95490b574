FROM python:3.12-slim

RUN useradd --create-home hypersim && install --directory --owner hypersim /data
WORKDIR /app
COPY requirements requirements
RUN pip install --no-cache-dir --require-hashes -r requirements/run.txt -r requirements/build.txt
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

USER hypersim
WORKDIR /data
VOLUME /data
ENV HYPERSIM_HOST=0.0.0.0 HYPERSIM_PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD python -c "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"HYPERSIM_PORT\"]}/health')"
CMD ["python", "-m", "hypersim", "serve"]
