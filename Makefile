# What people run. Everything else is in scripts/.
.DEFAULT_GOAL := build
.PHONY: run build test unit test-long fuzz race explore seeded acceptance bench pictures clean

# A server to try out, with an account in it: prints its address and password.
# Needs Go and nothing else.
run: build
	@exec bin/nidan demo

build:
	CGO_ENABLED=0 go build -mod=readonly -trimpath -ldflags='-s -w' -o bin/nidan ./cmd/nidan

# Everything; installs what it needs and has not got.
test:
	scripts/test.sh

# Under a minute, for while you write.
unit:
	scripts/test.sh unit

# For a night: the exploration deeper, every target fuzzed for minutes, every
# package under the race detector.
test-long:
	LONG=1 scripts/test.sh

fuzz race explore seeded acceptance:
	scripts/test.sh $@

# What docs/performance.md reports.
bench: build
	go run -mod=readonly ./bench/start bin/nidan
	go run -mod=readonly ./bench/load bin/nidan
	go test -mod=readonly -run '^$$' -bench . -benchmem ./...

# Every page in every state and language, phone and desktop, light and dark, to
# look at; and the pictures of the README.
pictures:
	scripts/test.sh tools
	go run -mod=readonly ./scripts/pictures
	NIDAN_PICTURES=$(CURDIR)/docs/pictures go test -mod=readonly -count=1 ./acceptance/pictures

clean:
	rm -rf bin pictures
