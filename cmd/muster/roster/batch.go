package roster

import (
	"strings"

	"github.com/muster-dev/muster/domain"
)

// batch is people who are sent in one request.
type batch struct {
	people []*person
	// keys are the user ids and addresses of the people.
	keys map[string]bool
	// byID reports whether somebody has a user id, byEmail whether somebody has an address
	// alone.
	byID, byEmail bool
	read          int64 // bytes of the file up to the end of the batch
}

func (b *batch) add(p *person) {
	if b.keys == nil {
		b.keys = make(map[string]bool)
	}
	b.people = append(b.people, p)
	for _, id := range []string{p.UserID, p.invited} {
		if id != "" {
			b.keys["user "+strings.ToLower(id)] = true
		}
	}
	if p.Email != "" {
		b.keys["email "+domain.FoldEmail(strings.TrimSpace(p.Email))] = true
	}
	b.byID = b.byID || p.UserID != ""
	b.byEmail = b.byEmail || p.UserID == ""
}

// mustFollow reports whether the batch can have another result if it is decided before
// the other one. That is so if the same person can appear in both: under the same user id
// or address, or in one by the id and in the other by the address.
func (b *batch) mustFollow(other *batch) bool {
	if b.byID && other.byEmail || b.byEmail && other.byID {
		return true
	}
	for key := range b.keys {
		if other.keys[key] {
			return true
		}
	}
	return false
}
