// A module of its own, so that a subscriber does not depend on what the service needs.
module github.com/muster-dev/muster/subscriber

go 1.25.0

require github.com/standard-webhooks/standard-webhooks/libraries v0.0.1
