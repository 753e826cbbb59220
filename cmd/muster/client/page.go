package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"
)

// pageSize is the largest page that the API returns.
const pageSize = "200"

// Pages returns the pages of the list at the path, which can have a query. After an error
// there are no more.
func Pages[T any](ctx context.Context, c *Client, path string) iter.Seq2[[]T, error] {
	return func(yield func([]T, error) bool) {
		with := "?"
		if strings.Contains(path, "?") {
			with = "&"
		}
		for cursor := ""; ; {
			var page Page[T]
			err := Retrying(ctx, func() error {
				return c.Call(ctx, http.MethodGet, path+with+"page_size="+pageSize+cursor, nil, &page)
			})
			if !yield(page.Items, err) || err != nil || page.NextCursor == nil {
				return
			}
			cursor = "&cursor=" + url.QueryEscape(*page.NextCursor)
		}
	}
}
