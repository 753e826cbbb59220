// Package subscriber reads the events of a Muster organization: from a stream that the
// program opens itself, or from webhooks that Muster sends to it. It depends on the
// standard library and on the library of Standard Webhooks, and on nothing of the service.
//
// # Following the stream
//
//	client := subscriber.New("https://muster.acme.example", token)
//	for event, err := range client.Events(ctx, subscriber.After(position)) {
//		if err != nil {
//			return err // the stream has ended for good
//		}
//		…
//	}
//
// [Client.Events] connects again by itself when a connection breaks, falls silent or is
// refused for a while, and goes on after the last event: no event is lost and none comes
// twice. It ends with an error only if trying again makes no sense, such as when the token
// has been revoked.
//
// # Receiving webhooks
//
//	webhook, err := subscriber.NewWebhook(secret)
//	…
//	http.Handle("/muster", webhook.Handler(func(ctx context.Context, event subscriber.Event) error { … }))
//
// The handler verifies the signature, calls the function for each event in order, and
// responds with success only if the function has returned nil. Until then Muster delivers
// the same event again and does not go on to the next one.
//
// # Each event once
//
// The stream has no repetition by itself, and webhooks have: Muster delivers an event again
// if it did not get the response, even if the event was handled. A program that is killed
// between its work and noting the position gets that event again in both cases. To handle
// each event exactly once, store its position in the same transaction as the work, and skip
// events whose position is not after the stored one:
//
//	tx := begin()
//	if stored := position(tx); event.Position.Compare(stored) <= 0 {
//		return nil // has been handled
//	}
//	work(tx, event)
//	setPosition(tx, event.Position)
//	return tx.Commit()
//
// The directory examples/cursor is a program that does so with SQLite.
package subscriber
