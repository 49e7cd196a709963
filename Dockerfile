FROM python:3.13-slim AS portal
WORKDIR /portal
COPY requirements/run.txt requirements/run.txt
RUN pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY pyproject.toml README.md babel.cfg ./
COPY portal portal
COPY templates templates
COPY static static
COPY migrations migrations
RUN pip install --no-cache-dir --no-deps --no-build-isolation -e . \
    && for po in portal/translations/*/LC_MESSAGES/messages.po; do pybabel -q compile -i "$po" -o "${po%.po}.mo"; done \
    && useradd --system --uid 10001 portal
USER 10001

# The worker's: with what shows office files in the page (docs/files.md).
FROM portal AS worker
USER root
RUN apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends libreoffice-writer-nogui libreoffice-calc-nogui \
        libreoffice-impress-nogui fonts-liberation \
    && rm -rf /var/lib/apt/lists/*
USER 10001
