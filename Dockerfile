# Two stages: a static binary (SQLite is C, so a C compiler is needed to build it),
# and an image that holds nothing but it, the roots of trust and an empty /data.
#
#   docker build -t muster .
#   docker run -p 8080:8080 -v muster:/data muster

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unreleased
# Without load_extension nothing needs dlopen, and netgo and osusergo need no libc:
# so it can be linked statically.
RUN CGO_ENABLED=1 go build -trimpath -buildvcs=false \
      -tags netgo,osusergo,sqlite_omit_load_extension \
      -ldflags "-s -w -linkmode external -extldflags -static -X main.release=${VERSION}" \
      -o /out/muster ./cmd/muster \
 && mkdir /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/muster /muster
COPY --from=build --chown=65532:65532 /out/data /data
ENV MUSTER_DATA=/data MUSTER_LISTEN=0.0.0.0:8080
VOLUME /data
EXPOSE 8080
# The image has no shell: the binary asks itself. Rebuilding the read models of a
# long history takes longer than the start period; until then nothing is lost but
# the label "healthy".
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["/muster", "ready"]
ENTRYPOINT ["/muster"]
CMD ["serve"]
