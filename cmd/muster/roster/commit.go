package roster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/domain"
)

// commit sends a batch. If the service finds malformed lines it has done nothing, so
// commit rejects these lines and sends the others again. If the batch is too large for
// one message of the log, commit sends it in halves.
func (i *importing) commit(ctx context.Context, batch []*person) error {
	path := "/v1/workspaces/" + i.workspace.String() + "/members/batch"
	if i.dry {
		path += "?validate_only=true"
	}
	var answer client.BatchResult
	err := i.Call(ctx, http.MethodPost, path, map[string]any{"mode": "best_effort", "operations": batch}, &answer)
	var p *client.Problem
	if errors.As(err, &p) && p.Code == "command_too_large" && len(batch) > 1 {
		// The next batches would be too large as well.
		i.size = (len(batch) + 1) / 2
		if err := i.commit(ctx, batch[:i.size:i.size]); err != nil {
			return err
		}
		return i.commit(ctx, batch[len(batch)-len(batch)/2:])
	}
	if errors.As(err, &p) {
		rest := i.reject(batch, p)
		if len(rest) == len(batch) {
			return fmt.Errorf("from line %d on: %w", batch[0].line, err)
		}
		if len(rest) == 0 {
			return nil
		}
		return i.commit(ctx, rest)
	}
	if err != nil {
		return fmt.Errorf("from line %d on, whether it was imported is not known; to import again is safe: %w", batch[0].line, err)
	}
	return i.count(batch, answer.Results)
}

// count notes what became of each line of a batch.
func (i *importing) count(batch []*person, results []client.OperationResult) error {
	if len(results) != len(batch) {
		return fmt.Errorf("the service answered %d results for %d operations", len(results), len(batch))
	}
	for n, r := range results {
		switch {
		case r.Error != nil:
			i.rejected = append(i.rejected, batch[n].rejected(r.Error.Code, client.RefusalText(r.Error)))
		case r.Membership != nil && r.Membership.State == domain.MembershipInvited:
			i.invited++
		default:
			i.added++
		}
	}
	return nil
}

// reject notes the lines that a problem points to, and returns the others.
func (i *importing) reject(batch []*person, p *client.Problem) (rest []*person) {
	wrong := make(map[int]bool)
	for _, field := range p.Errors {
		index, _, _ := strings.Cut(strings.TrimPrefix(field.Pointer, "/operations/"), "/")
		n, err := strconv.Atoi(index)
		if err != nil || n >= len(batch) || wrong[n] {
			continue
		}
		wrong[n] = true
		i.rejected = append(i.rejected, batch[n].rejected(p.Code, field.Detail))
	}
	for n, line := range batch {
		if !wrong[n] {
			rest = append(rest, line)
		}
	}
	return rest
}
