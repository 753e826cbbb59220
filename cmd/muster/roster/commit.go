package roster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/domain"
)

// commit sends the people of a batch, and returns what has failed. If the service finds
// malformed lines it has done nothing, so commit rejects these lines and sends the others
// again. If the batch is too large for one request or one message of the log, commit sends
// it in halves, and rejects a line that is too large by itself.
func (i *importing) commit(ctx context.Context, people []*person) []failure {
	var answer client.BatchResult
	err := client.Retrying(ctx, func() error { return i.call(ctx, people, &answer) })
	p, refused := errors.AsType[*client.Problem](err)
	switch {
	case err == nil:
		return failed(people, i.count(people, answer.Results))
	case !refused || p.Code == outcomeUnknown:
		return failed(people, fmt.Errorf("it is unknown whether these lines were imported; you can safely import them again: %w", err))
	case tooLarge(p) && len(people) == 1:
		i.mu.Lock()
		defer i.mu.Unlock()
		i.rejected = append(i.rejected, people[0].rejected(p.Code, p.Error()))
		return nil
	case tooLarge(p):
		// The next batches would be too large as well.
		half := (len(people) + 1) / 2
		i.size.Store(min(i.size.Load(), int64(half)))
		if wrong := i.commit(ctx, people[:half:half]); wrong != nil {
			return append(wrong, failed(people[half:], errNotSent)...)
		}
		return i.commit(ctx, people[half:])
	}
	rest := i.reject(people, p)
	switch {
	case len(rest) == len(people):
		return failed(people, fmt.Errorf("these lines were refused: %w", err))
	case len(rest) == 0:
		return nil
	}
	return i.commit(ctx, rest)
}

// tooLarge reports whether fewer operations are expected in one request.
func tooLarge(p *client.Problem) bool {
	return p.Code == "command_too_large" || p.Code == "body_too_large"
}

// outcomeUnknown is the code of a write that may have been done or not.
const outcomeUnknown = "outcome_unknown"

// call sends the people in one request.
func (i *importing) call(ctx context.Context, people []*person, answer *client.BatchResult) error {
	path := "/v1/workspaces/" + i.workspace.String() + "/members/batch"
	if i.dry {
		path += "?validate_only=true"
	}
	return i.Call(ctx, http.MethodPost, path, map[string]any{"mode": "best_effort", "operations": people}, answer)
}

// count notes what became of each line of a batch.
func (i *importing) count(people []*person, results []client.OperationResult) error {
	if len(results) != len(people) {
		return fmt.Errorf("the service returned %d results for %d operations", len(results), len(people))
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	var invited []invited
	for n, r := range results {
		switch {
		case r.Error != nil:
			i.rejected = append(i.rejected, people[n].rejected(r.Error.Code, client.RefusalText(r.Error)))
		case r.Membership != nil && r.Membership.State == domain.MembershipInvited:
			i.invited++
			if r.Invitation != nil {
				invited = append(invited, i.invitedOf(people[n], &r))
			}
			if id := r.Membership.User.String(); people[n].invited != "" && !strings.EqualFold(id, people[n].invited) && !i.dry {
				i.notes = append(i.notes, note{people[n].first, people[n].Email, "invited by the address: the user id is " + id + ", and not " + people[n].invited + " as the file says"})
			}
		case people[n].Suspended:
			i.suspended++
			i.added++
		default:
			i.added++
		}
	}
	return i.invitations.write(invited)
}

// reject notes the lines that a problem points to, and returns the others.
func (i *importing) reject(people []*person, p *client.Problem) (rest []*person) {
	i.mu.Lock()
	defer i.mu.Unlock()
	details := make(map[int][]string)
	for _, field := range p.Errors {
		index, below, _ := strings.Cut(strings.TrimPrefix(field.Pointer, "/operations/"), "/")
		n, err := strconv.Atoi(index)
		if err != nil || n < 0 || n >= len(people) {
			continue
		}
		detail := field.Detail
		if below != "" {
			detail = "/" + below + ": " + detail
		}
		details[n] = append(details[n], detail)
	}
	for n, line := range people {
		if why := details[n]; why != nil {
			i.rejected = append(i.rejected, line.rejected(p.Code, strings.Join(slices.Compact(why), "; ")))
		} else {
			rest = append(rest, line)
		}
	}
	return rest
}
