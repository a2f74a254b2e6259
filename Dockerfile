# README's two commands, on a machine that has nothing:
#
#   docker build --target run -t framework . && docker run --rm -v "$PWD/results:/results" framework
#   docker build --target tests -t framework-tests . && docker run --rm --security-opt seccomp=unconfined framework-tests
#
# The first teaches an arm to push and leaves its run in results/. Programs are executed in bubblewrap, which
# Docker's own seccomp profile does not let make its namespaces: hence the option of the second.

FROM python:3.12-slim AS base
# Runs record the commit; EGL draws films without a screen.
RUN apt-get update \
 && apt-get install -y --no-install-recommends bubblewrap git libegl1 libgl1-mesa-dri \
 && rm -rf /var/lib/apt/lists/*
ENV PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /framework
COPY . .

FROM base AS tests
# kociemba is compiled as it is installed.
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
CMD python -m pip install nox && python -m nox -s tests

FROM base AS run
RUN python -m pip install . ./plugins/her
WORKDIR /results
CMD ["framework", "run", "her"]
