package native

import (
	"net/http"

	"github.com/muster-dev/muster/transport"
)

// Ticket is a ticket for a stream of events.
type Ticket struct {
	Ticket    string         `json:"ticket" bounds:"ticket" doc:"The ticket. It is shown only here." example:"tkt_4fQ2nX8aL0pVbR7sT1yKzE5hJ9mC3dW6gU2iN8oA4tYxB7Z0rHn1"`
	ExpiresAt transport.Time `json:"expires_at" doc:"When the ticket can no longer be used. A stream that it has opened goes on." example:"2026-03-05T23:10:47.281Z"`
	Position  string         `json:"position" bounds:"position" doc:"How far the organization's events can be read now. Pass it as after to begin with the next one, also if connecting takes several attempts." example:"3-1042"`
}

// IssuedTicket is the response to a request for a ticket.
type IssuedTicket struct{ Body *Ticket }

// ticketOperations returns the operation that issues tickets.
func ticketOperations() []transport.Operation {
	return []transport.Operation{{
		ID: "issue-event-ticket", Method: http.MethodPost, Path: "/v1/organizations/{organization}/events/ticket",
		Reach: transport.ReachOrganization, Scope: "events:read", Tag: "Events", Status: http.StatusCreated,
		Summary: "Get a ticket for a stream of events",
		Description: "For clients that cannot send an Authorization header, such as a browser's EventSource: " +
			"GET /v1/organizations/{organization}/events?ticket=… with Accept: text/event-stream, on any node. " +
			"A ticket opens one stream, within one minute. The stream can do what the token of this request can do, and ends with it. " +
			"A ticket that was used, or is too old, is 401 invalid_ticket: get another one for each connection.",
		Do: transport.Ask(issueTicket),
	}}
}

type issueTicketInput struct{ OrganizationPath }

func issueTicket(c *transport.Call, in *issueTicketInput) (*IssuedTicket, error) {
	if err := c.FindOrganization(in.Organization); err != nil {
		return nil, err
	}
	if err := c.AwaitVisible(c.Log().Partition(in.Organization)); err != nil {
		return nil, err
	}
	position := c.Log().Visible(c.Log().Partition(in.Organization))
	ticket, ends, err := c.IssueTicket(in.Organization)
	if err != nil {
		return nil, err
	}
	return &IssuedTicket{&Ticket{ticket, transport.Time(ends), position.String()}}, nil
}
