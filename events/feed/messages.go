package feed

import (
	"context"
	"iter"

	"github.com/muster-dev/muster/events/store"
)

// Messages returns the messages of the feed's stream from the number on, as they are
// stored, up to its end. There are none if there is no stream. The sequence ends after an
// error.
func (f *Feed) Messages(ctx context.Context, from uint64) iter.Seq2[store.Message, error] {
	return func(yield func(store.Message, error) bool) {
		for {
			page, err := f.store.FeedPage(ctx, f.partition, "", from, pageSize)
			if err == nil && len(page) == 0 {
				page, err = f.leaders(ctx, "", from)
			}
			if err != nil {
				yield(store.Message{}, err)
				return
			}
			if len(page) == 0 {
				return
			}
			for _, m := range page {
				if !yield(m, nil) {
					return
				}
				from = m.Sequence + 1
			}
		}
	}
}
