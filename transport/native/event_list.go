package native

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/transport"
)

type listEventsInput struct {
	OrganizationPath
	transport.ReadHeaders
	After     string             `query:"after" bounds:"after" maxLength:"100" doc:"Events after this: earliest, latest, a position like 3-1042, a time (RFC 3339), or a day, which is its beginning in UTC; the default is earliest." example:"3-1042"`
	LastID    string             `header:"Last-Event-ID" bounds:"after" maxLength:"100" doc:"The id of the last event received, for a stream that resumes. It goes before after." example:"3-1042"`
	Types     []string           `query:"type,explode" nullable:"false" maxItems:"100" maxLength:"1000" pattern:"^[a-z_.*,]+$" doc:"Events of this type, or of all that begin like muster.member.*; several times, or with commas."`
	Workspace domain.WorkspaceID `query:"workspace_id" format:"uuid" doc:"Events that concern this workspace."`
	User      domain.UserID      `query:"user_id" format:"uuid" doc:"Events that concern this user."`
	Wait      int                `query:"wait" minimum:"0" maximum:"60" doc:"How many seconds to wait when there is no event yet."`
	Named     bool               `query:"named" default:"true" doc:"false: events of a stream have no name, so that a browser's onmessage hears all of them. The type is in the data."`
	Ticket    string             `query:"ticket" bounds:"ticket" maxLength:"100" doc:"A ticket in place of the Authorization header, for a stream: see issue-event-ticket. It is used up by the request." example:"tkt_4fQ2nX8aL0pVbR7sT1yKzE5hJ9mC3dW6gU2iN8oA4tYxB7Z0rHn1"`
	PageSize  int                `query:"page_size" minimum:"1" maximum:"200" default:"50" doc:"How many items at most."`
}

func (s *streams) listEvents(c *transport.Call, in *listEventsInput) (*huma.StreamResponse, error) {
	if err := c.FindOrganization(in.Organization); err != nil {
		return nil, err
	}
	filter, err := in.filter()
	if err != nil {
		return nil, err
	}
	if err := c.AwaitVisible(c.Log().Partition(in.Organization)); err != nil {
		return nil, err
	}
	after, err := numberOf(c, in)
	if err != nil {
		return nil, err
	}
	if c.PrefersStream() {
		return &huma.StreamResponse{Body: func(huma.Context) { s.stream(c, filter, after, in.Named) }}, nil
	}
	list, err := readEvents(c, filter, after, in)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(huma.Context) { c.WriteJSON(list) }}, nil
}

func (in *listEventsInput) filter() (feed.Filter, error) {
	f := feed.Filter{Organization: in.Organization, Workspace: in.Workspace, User: in.User}
	for _, list := range in.Types {
		for t := range strings.SplitSeq(list, ",") {
			if !knownType(t) {
				return f, transport.InvalidField("query.type", transport.CodeInvalidValue, "a type like muster.member.added, or muster.member.*, is expected; "+typesLike(t))
			}
			f.Types = append(f.Types, t)
		}
	}
	return f, nil
}

// knownType reports whether the text is a type of event, or the beginning of one followed
// by an asterisk.
func knownType(text string) bool {
	beginning, open := strings.CutSuffix(text, "*")
	return slices.ContainsFunc(wire.Types(), func(t string) bool {
		return t == text || open && beginning != "" && strings.HasPrefix(t, beginning)
	})
}

// typesLike returns a sentence that lists types of events: those of the noun in the text,
// or the patterns of all nouns if the text names none.
func typesLike(text string) string {
	var same, nouns []string
	for _, t := range wire.Types() {
		noun := t[:strings.LastIndexByte(t, '.')+1]
		nouns = append(nouns, noun+"*")
		if strings.HasPrefix(text, noun) {
			same = append(same, t)
		}
	}
	if same == nil {
		same = nouns
	}
	slices.Sort(same)
	return "there are " + strings.Join(slices.Compact(same), ", ")
}

// numberOf returns the number of the event after which the list begins.
func numberOf(c *transport.Call, in *listEventsInput) (uint64, error) {
	partition := c.Log().Partition(in.Organization)
	text, pointer := in.After, "query.after"
	if in.LastID != "" {
		text, pointer = in.LastID, "header.Last-Event-ID"
	}
	switch text {
	case "", "earliest":
		return 0, nil
	case "latest":
		return c.Log().Visible(partition).Number, nil
	}
	if position, err := wire.ParsePosition(text); err == nil {
		if position.Partition != partition {
			return 0, transport.InvalidField(pointer, transport.CodeInvalidValue, "a position of this organization is expected: they begin with "+strconv.Itoa(partition)+"-")
		}
		return position.Number, c.CheckPosition(pointer, position)
	}
	// A plus sign that was not escaped arrives as a space.
	at, err := transport.ParseTime(strings.ReplaceAll(text, " ", "+"))
	if err != nil {
		return 0, transport.InvalidField(pointer, transport.CodeInvalidValue, "earliest, latest, a position like 3-1042, a time like 2026-03-05T23:09:47Z or a day like 2026-03-05 is expected")
	}
	return c.Log().NumberAt(c, partition, at)
}

// readEvents returns a page of events. If there are none it waits for the first one, as
// long as the request allows.
func readEvents(c *transport.Call, f feed.Filter, after uint64, in *listEventsInput) (*EventList, error) {
	partition := c.Log().Partition(f.Organization)
	found, next, err := c.Log().Events(c, f, after, in.PageSize)
	if err == nil && len(found) == 0 && in.Wait > 0 {
		found, next, err = awaitEvents(c, f, next, in)
	}
	if err != nil {
		return nil, err
	}
	position := wire.Position{Partition: partition, Number: next}.String()
	list := &EventList{Items: make([]RawEvent, len(found)), Position: position}
	for i, e := range found {
		if list.Items[i].Value, err = c.Log().Show(c, e); err != nil {
			return nil, err
		}
	}
	if next > after && next < c.Log().Visible(partition).Number { // a cursor leads on
		list.NextCursor = &position
	}
	return list, nil
}

// awaitEvents waits until there are events after the number, and returns a page of them.
// The page is empty if the wait ends before. The engine authorizes the request again after
// it. Whatever happens in the organization ends the wait of a token that has ended too: its
// revocation, or the removal of its user, is such an event.
func awaitEvents(c *transport.Call, f feed.Filter, after uint64, in *listEventsInput) (found []feed.Event, next uint64, err error) {
	wake, stop := c.Log().Watch(f.Organization)
	defer stop()
	ctx, cancel := c.WhileServing(time.Duration(in.Wait) * time.Second)
	defer cancel()
	for {
		// The last look is after the end of the wait: it finds out how far there is nothing, so
		// that the next request need not look there again.
		ended := ctx.Err() != nil
		if found, next, err = c.Log().Events(c, f, after, in.PageSize); err != nil || len(found) > 0 || ended {
			return found, next, err
		}
		if next > after {
			after = next
			continue
		}
		select {
		case <-wake:
			if err := c.Reauthorize(); err != nil {
				return nil, next, err
			}
		case <-ctx.Done():
			if c.Err() != nil {
				return nil, next, errGone
			}
		}
	}
}

// errGone ends a request whose client is gone.
var errGone = errors.New("the client is gone")
