package events

import "context"

// KeepTicket keeps the content of a ticket for [store.TicketLife], so that any node can take
// it; see [store.Store.KeepTicket].
func (l *Log) KeepTicket(ctx context.Context, place string, content []byte) error {
	return l.store.KeepTicket(ctx, place, content)
}

// TakeTicket returns the content of the ticket at the place, to one caller on one node; see
// [store.Store.TakeTicket].
func (l *Log) TakeTicket(ctx context.Context, place string) ([]byte, error) {
	return l.store.TakeTicket(ctx, place)
}
