# One image for the server, agents and flow runs: docker build -t proctor .
FROM node:22-bookworm AS ui
WORKDIR /source
COPY tools tools
COPY ui ui
RUN mkdir --parents src/prefect/server/ui && python3 tools/ui.py build

FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY tools tools
COPY --from=ui /source/src/prefect/server/ui/static src/prefect/server/ui/static
RUN pip install --no-cache-dir --prefix=/install '.[postgres,otel,compat]'

FROM python:3.13-slim
COPY --from=build /install /usr/local
RUN useradd --create-home --uid 1000 proctor && install --directory --owner=proctor /data
USER proctor
ENV PREFECT__HOME_DIR=/data PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 4200
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:4200/health', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["prefect"]
# Other machines reach it only with keys: see docs/guides/operations.md.
CMD ["server", "start", "--host", "0.0.0.0", "--require-keys", "--log-format", "json"]
