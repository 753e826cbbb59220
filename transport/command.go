package transport

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
)

const (
	// patience is how long an answer to a command waits for this node's own read
	// models. The command is done by then, so the answer is a success either way.
	patience = 5 * time.Second
	// readPatience is how long a query waits for Muster-Min-Position.
	readPatience = 2 * time.Second
)

// run has a command decided and written; with validate_only decided only. When it
// returns, queries to this node see what was written, or what it was refused for:
// somebody who is told that a user is a member already finds them.
func (h *WriteHeaders) run(c *call, command domain.Command) (events.Result, error) {
	a := c.api
	if h.ValidateOnly {
		return a.log.Try(c, command)
	}
	result, err := a.log.Run(c, command)
	if a.models.Applied(result.Position.Partition) >= result.Position.Number {
		return result, err
	}
	ctx, cancel := context.WithTimeout(c, patience)
	defer cancel()
	if late := a.models.WaitFor(ctx, result.Position); late != nil {
		a.logger.LogAttrs(c, slog.LevelWarn, "a command was answered before the read models showed it",
			slog.String("request_id", c.id[0]), slog.String("position", result.Position.String()), slog.String("cause", late.Error()))
	}
	return result, err
}

// waitFor waits until this node's read models have applied a position that the
// client has seen.
func (a *API) waitFor(c *call, position events.Position) error {
	if a.models.Applied(position.Partition) >= position.Number {
		return nil
	}
	ctx, cancel := context.WithTimeout(c, readPatience)
	defer cancel()
	if err := a.models.WaitFor(ctx, position); err != nil {
		p := readModelBehind.problem("this node has not applied the position yet; ask again, or another node").retryable()
		p.cause = err
		return p
	}
	return nil
}

// waitForEvents waits until events can be found as far as other queries show what
// they did. That is a moment later.
func (a *API) waitForEvents(c *call, org domain.OrganizationID) error {
	partition := a.log.Partition(org)
	ctx, cancel := context.WithTimeout(c, readPatience)
	defer cancel()
	if err := a.log.WaitFor(ctx, events.Position{Partition: partition, Number: a.models.Applied(partition)}); err != nil {
		p := readModelBehind.problem("this node cannot show its newest events yet; ask again").retryable()
		p.cause = err
		return p
	}
	return nil
}

// position is the value of Muster-Position: none when nothing was written because
// nothing should have been.
func (h *WriteHeaders) position(result events.Result) string {
	if h.ValidateOnly {
		return ""
	}
	return result.Position.String()
}

// written answers a command with the resource as the command left it. It is 201
// when the command's events hold the one that brings the resource into being:
// so a replay has the status of the first answer.
func written[T any](h *WriteHeaders, result events.Result, born string, version uint64, body *T) *Written[T] {
	out := &Written[T]{
		Status: http.StatusOK, ETag: etag(version), Position: h.position(result),
		Replayed: replayed(result), Body: body,
	}
	if result.Has(born) {
		out.Status = http.StatusCreated
	}
	return out
}

// committed answers a command on several resources.
func committed[T any](h *WriteHeaders, result events.Result, body *T) *Committed[T] {
	return &Committed[T]{Position: h.position(result), Replayed: replayed(result), Body: body}
}

// gone answers a command that ended a resource.
func gone(h *WriteHeaders, result events.Result) *Gone {
	return &Gone{Position: h.position(result), Replayed: replayed(result)}
}

func replayed(result events.Result) string {
	if result.Replayed {
		return "true"
	}
	return ""
}

// part answers the only part of the type that the result holds. A replayed answer
// is about the ids of the first request, not about those made for this one.
func part[P domain.Part](result events.Result) (found P) {
	result.State.Each(func(_ domain.Key, p domain.Part) {
		if p, ok := p.(P); ok {
			found = p
		}
	})
	return found
}
