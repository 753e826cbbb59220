package main

import (
	"fmt"
	"net/http"

	"github.com/anishathalye/porcupine"
)

// input is one operation of a history, and output its response.
type (
	input struct {
		method string
		user   int
		role   rank // of a POST or PATCH
	}
	output struct {
		status int
		role   rank // what a GET showed
	}
)

// rank is what a user is in the workspace.
type rank uint8

const (
	nobody rank = iota // and has been a member before
	never
	viewer
	editing
	owning
)

var rankNames = [...]string{nobody: "nobody", never: "never", viewer: "viewer", editing: "editor", owning: "owner"}

// ranks has the rank of every user.
type ranks [historyUsers]rank

// membersModel is the model of a workspace's members that a history is checked against.
// Users who are never owners do not affect each other, so their operations are checked
// separately.
var membersModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := make([][]porcupine.Operation, historyUsers)
		for _, op := range history {
			user := op.Input.(input).user
			if user < historyOwners {
				user = 0
			}
			parts[user] = append(parts[user], op)
		}
		return parts
	},
	Init: func() any {
		var all ranks
		for i := range all {
			all[i] = never
		}
		all[0] = owning
		return all
	},
	Step: func(state, asked, answered any) (bool, any) {
		in, out := asked.(input), answered.(output)
		want, next := state.(ranks).step(in)
		if out.status == unknownOutcome {
			return true, next // it may have been done at any time after the request
		}
		return out == want, next
	},
	DescribeOperation: func(asked, answered any) string {
		in, out := asked.(input), answered.(output)
		return fmt.Sprintf("%s user %d %s: %d %s", in.method, in.user, rankNames[in.role], out.status, rankNames[out.role])
	},
	DescribeState: func(state any) (text string) {
		for user, r := range state.(ranks) {
			text += fmt.Sprintf("%d %s ", user, rankNames[r])
		}
		return text
	},
}

// unknownOutcome is the status of a response that does not say whether the operation was
// done.
const unknownOutcome = http.StatusServiceUnavailable

// step returns the response that the operation must get, and the ranks after it.
func (all ranks) step(in input) (output, ranks) {
	is := all[in.user]
	member := is > never
	owners := 0
	for _, r := range all {
		if r == owning {
			owners++
		}
	}
	lastOwner := is == owning && owners == 1
	switch {
	case in.method == http.MethodGet && member:
		return output{http.StatusOK, is}, all
	case !member && (in.method == http.MethodGet || in.method == http.MethodPatch), is == never && in.method == http.MethodDelete:
		return output{status: http.StatusNotFound}, all
	case member && in.method == http.MethodPost, // already_member
		lastOwner && in.method == http.MethodDelete, lastOwner && in.method == http.MethodPatch && in.role != owning: // last_owner
		return output{status: http.StatusConflict}, all
	}
	status := http.StatusOK
	switch in.method {
	case http.MethodPost:
		status, all[in.user] = http.StatusCreated, in.role
	case http.MethodPatch:
		all[in.user] = in.role
	case http.MethodDelete:
		status = http.StatusNoContent
		if member {
			all[in.user] = nobody
		}
	}
	return output{status: status}, all
}
