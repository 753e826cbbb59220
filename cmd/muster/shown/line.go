package shown

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/muster-dev/muster/cmd/muster/terminal"
)

// Lines prints events for people, each in a line:
//
//	2026-11-22T08:44:44.788Z  0-57     member.added                 Lucia Ferrari <lucia@example.com> 36d6a44d-…  role Viewer  in Product a7176f18-…  by token Billing 01a2026d-…
type Lines struct {
	Out   io.Writer
	Paint terminal.Painter
	Names *Names // nil: only ids
}

// Print prints the event.
func (l *Lines) Print(ctx context.Context, e *Event) error {
	l.Names.Heed(e)
	what := terminal.ShowType(e.Type)
	parts := []string{
		l.Paint.Paint(terminal.ShowTime(e.Time), terminal.Faint),
		fmt.Sprintf("%-7s", e.Sequence),
		l.Paint.Paint(fmt.Sprintf("%-27s", terminal.Plain(what)), colorOf(what)),
	}
	add := func(before, text string) {
		if text != "" {
			parts = append(parts, before+text)
		}
	}
	add("", l.show(ctx, Person, e.User))
	add("", l.summary(ctx, e))
	add("in ", l.show(ctx, Workspace, e.Workspace))
	add("by ", l.actor(ctx, e))
	add("for ", l.show(ctx, Person, e.OnBehalfOf))
	if e.Reason != "" {
		add("", fmt.Sprintf("%q", e.Reason))
	}
	_, err := fmt.Fprintln(l.Out, strings.TrimRight(strings.Join(parts, "  "), " "))
	return err
}

// summary returns what the event's data says beside the rest of the line.
func (l *Lines) summary(ctx context.Context, e *Event) string {
	if e.Type == profileSet && l.Names != nil {
		return "" // the profile is in the line already
	}
	ofOrganization := strings.HasPrefix(terminal.ShowType(e.Type), "organization.")
	return terminal.Plain(terminal.Summary(e.Data, func(field, text string) string {
		if field == "role" && ofOrganization {
			return "" // the organization's roles are other roles
		}
		return l.named(ctx, field, text)
	}))
}

// profileSet is the type of the event that has a person's whole profile.
const profileSet = "muster.user.profile_set"

// show returns the name of what has the id, and the id.
func (l *Lines) show(ctx context.Context, k Kind, id string) string {
	shown := l.Paint.Paint(terminal.Plain(id), terminal.Faint)
	if name := l.Names.Of(ctx, k, id); name != "" {
		return terminal.Plain(name) + " " + shown
	}
	return shown
}

// actor returns who has done it.
func (l *Lines) actor(ctx context.Context, e *Event) string {
	switch e.AuthType {
	case "user":
		return l.show(ctx, Person, e.AuthID)
	case "token":
		return "token " + l.show(ctx, Token, e.AuthID)
	}
	return terminal.Plain(e.AuthID)
}

// named returns the name of what a field of an event's data has the id or the key of.
func (l *Lines) named(ctx context.Context, field, text string) string {
	switch {
	case strings.HasSuffix(field, "user_id"):
		return orText(l.Names.Of(ctx, Person, text), text)
	case field == "workspace_id":
		return orText(l.Names.Of(ctx, Workspace, text), text)
	case field == "subscription_id":
		return orText(l.Names.Of(ctx, Subscription, text), text)
	case field == "token_id":
		return orText(l.Names.Of(ctx, Token, text), text)
	case field == "role":
		return l.Names.Of(ctx, Role, text)
	}
	return ""
}

// orText returns the name, or else the text.
func orText(name, text string) string {
	if name == "" {
		return text
	}
	return name
}

// colorOf returns the colour of an event: green for what gives access or begins, red for
// what takes it away or ends, yellow for what changes it.
func colorOf(what string) terminal.Color {
	switch what = what[strings.LastIndexByte(what, '.')+1:]; {
	case hasAny(what, "added", "accepted", "created", "issued", "reinstated", "restored", "resumed"):
		return terminal.Green
	case hasAny(what, "removed", "left", "expired", "suspended", "revoked", "archived", "deleted", "erased", "paused", "skipped"):
		return terminal.Red
	case hasAny(what, "changed", "transferred", "rotated", "rewound"):
		return terminal.Yellow
	}
	return terminal.Cyan
}

// hasAny reports whether the text ends with one of the words.
func hasAny(text string, words ...string) bool {
	for _, word := range words {
		if strings.HasSuffix(text, word) {
			return true
		}
	}
	return false
}
