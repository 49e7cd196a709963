FROM python:3.13-slim
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
