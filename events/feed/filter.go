package feed

import (
	"slices"
	"strings"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// Filter selects events of an organization.
type Filter struct {
	Organization domain.OrganizationID
	// Types holds names of types, such as muster.member.added, or prefixes with an
	// asterisk, such as muster.member.*. If it is empty all types are wanted.
	Types     []string
	Workspace domain.WorkspaceID // zero: all
	User      domain.UserID      // zero: all
}

// wants reports whether the filter selects the event.
func (f Filter) wants(i *item) bool {
	return f.Organization == i.about.Organization &&
		(f.Workspace.IsZero() || f.Workspace == i.about.Workspace) &&
		(f.User.IsZero() || f.User == i.about.User) &&
		(len(f.Types) == 0 || slices.ContainsFunc(f.Types, func(t string) bool {
			prefix, all := strings.CutSuffix(t, "*")
			return t == i.Type || all && strings.HasPrefix(i.Type, prefix)
		}))
}

// subject returns the narrowest subject that covers everything the filter selects.
// JetStream finds a subject's messages by an index.
func (f Filter) subject() string {
	workspace, what := "*", ">"
	if !f.Workspace.IsZero() {
		workspace = f.Workspace.String()
	}
	if len(f.Types) == 1 && wire.Known(f.Types[0]) {
		what = lastWords(f.Types[0])
	}
	return store.PublicSubject + f.Organization.String() + "." + workspace + "." + what
}

// appendSubject appends the part of an event's subject that follows the prefix.
func appendSubject(b []byte, e domain.Event) []byte {
	about := e.Concerns()
	b, _ = about.Organization.AppendText(b) // never fails
	b = append(b, '.')
	if about.Workspace.IsZero() {
		b = append(b, '_')
	} else {
		b, _ = about.Workspace.AppendText(b)
	}
	b = append(b, '.')
	return append(b, lastWords(e.EventType())...)
}

// lastWords returns the part of an event's type that its subject contains: member.added
// for muster.member.added.
func lastWords(eventType string) string { return strings.TrimPrefix(eventType, "muster.") }
