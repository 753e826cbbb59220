package transport

import (
	"net/http"
	"slices"
	"time"

	"github.com/muster-dev/muster/domain"
)

// ticketParameter is the query parameter that a ticket comes in.
const ticketParameter = "ticket"

// IssueTicket returns a ticket for the organization that can take the place of the request's
// token, once, within [auth.TicketLife], in operations that take one ([Operation.Ticket]).
// An organization that the token does not reach is not found.
func (c *Call) IssueTicket(org domain.OrganizationID) (ticket string, ends time.Time, err error) {
	if err := c.FindOrganization(org); err != nil {
		return "", ends, err
	}
	return c.engine.auth.IssueTicket(c, org, c.authorization())
}

// takeTicket uses the ticket of the request, if there is one. Before, it refuses requests in
// which no ticket has a place, so that those do not use it up. Whatever else is wrong with a
// request is told only to whoever has a token or a ticket, and the ticket is used then.
func (c *Call) takeTicket() error {
	query, _ := parseQuery(c.r.URL.RawQuery) // what cannot be read is told later
	sent := query[ticketParameter]
	if len(sent) == 0 {
		return nil
	}
	at := slices.IndexFunc(c.route.parameters, func(p parameter) bool { return p.in == "query" && p.name == ticketParameter })
	if wrong, ok := c.route.parameters[at].check(sent); !ok {
		return Invalid(wrong)
	}
	switch {
	case len(c.r.Header["Authorization"]) > 0:
		return InvalidField("query.ticket", CodeInvalidValue, "there is an Authorization header too; send one of the two")
	case c.r.Method != http.MethodGet || !c.PrefersStream():
		return InvalidField("query.ticket", CodeInvalidValue, "a ticket opens a stream and nothing else: send GET with Accept: text/event-stream")
	}
	var err error
	c.ticketed, err = c.engine.auth.UseTicket(c, c.named(), sent[0])
	return err
}

// PrefersStream reports whether the request prefers a stream of events to JSON.
func (c *Call) PrefersStream() bool { return c.Prefers("text/event-stream", "application/json") }
