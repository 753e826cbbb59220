package webhook

// Endpoint is where webhooks are sent, and how.
type Endpoint struct {
	URL string // see [CheckURL]
	// Secrets sign the requests: the current one first, and during a rotation also the
	// former one. At least one is needed.
	Secrets []Secret
	Profile bool // whether data.profile is sent
	Batch   bool // whether bodies are JSON arrays of events, even if there is only one
}
