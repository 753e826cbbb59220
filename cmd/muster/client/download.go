package client

import (
	"context"
	"io"
	"net/http"
)

// Download writes the body of the response to the writer while it arrives, however long it is, and
// returns the headers of the response. The request is a GET, or a POST if there is a body to send.
// If the service refuses the request, the error is a [*Problem]. If the response breaks off, the
// error says so.
func (c *Client) Download(ctx context.Context, path string, body any, to io.Writer) (http.Header, error) {
	method := http.MethodGet
	if body != nil {
		method = http.MethodPost
	}
	request, err := c.request(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	response, err := c.do(request)
	if err != nil {
		return nil, c.noResponse(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode >= http.StatusBadRequest {
		text, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
		if err != nil {
			return nil, c.noResponse(err)
		}
		return nil, withWait(ReadProblem(response.Status, text), response.Header)
	}
	if _, err := io.Copy(to, response.Body); err != nil {
		return nil, c.noResponse(err)
	}
	return response.Header, nil
}
