package catalogue

import (
	"crypto/sha256"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/domain"
)

// The people and things of the examples.
var (
	acme    = domain.About{Organization: id("01a2026d-33e3-75b7-9eb1-2d22381a2b8f")}
	product = domain.About{Organization: acme.Organization, Workspace: id("01a2026d-3458-77d1-9e69-fada417bbbcb")}
	grace   = domain.About{Organization: acme.Organization, User: id("019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10")}
	member  = domain.About{Organization: acme.Organization, Workspace: product.Workspace, User: grace.User}

	ada        = domain.UserID(id("01a2026d-33e3-73c0-af07-f2853a6184ce"))
	membership = domain.MembershipID(id("01a2026d-348a-7e5f-8960-75b457217e9a"))
	auditor    = domain.RoleID(id("01a2026d-3497-7b60-a1de-5d1c2f0b7a44"))
	billing    = domain.TokenID(id("01a2026d-34a8-7457-9aa3-857dd26ab602"))
)

// partition is where the examples are.
const partition = 0

// noon is shortly before the first example.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func id(text string) [16]byte { return uuid.MustParse(text) }

// hash returns a hash that looks like any other.
func hash(of string) domain.Hash { return sha256.Sum256([]byte(of)) }

// story gives the examples their places in a log.
type story struct{ number uint64 }

func newStory() *story { return &story{} }

// tell returns the event as the next one of the log.
func (s *story) tell(e domain.Event) *domain.Recorded {
	s.number++
	seed := hash(strconv.FormatUint(s.number, 10))
	r := &domain.Recorded{
		Event: e, Number: s.number,
		Time:  noon.Add(time.Duration(s.number)*time.Minute + time.Duration(seed[31])*time.Millisecond),
		Actor: domain.Actor{Kind: domain.ActorUser, ID: ada.String(), User: ada},
	}
	_ = r.ID.SetTime(uint64(r.Time.UnixMilli())) // fails only from the year 10889 on
	copy(r.ID[6:], seed[:])
	copy(r.Command[:], seed[10:])
	r.Command[6], r.Command[8] = r.Command[6]&0x0f|0x80, r.Command[8]&0x3f|0x80 // UUIDv8
	s.attribute(r)
	return r
}

// attribute says who did it, if it was not Ada, and what else there is to say.
func (s *story) attribute(r *domain.Recorded) {
	user := r.Event.Concerns().User
	switch e := r.Event.(type) { //nolint:gochecksumtype // Ada has done all others
	case domain.OrganizationCreated:
		r.Actor = domain.Actor{Kind: domain.ActorSystem, ID: "root"}
	case domain.MemberAccepted, domain.MemberLeft:
		r.Actor = domain.Actor{Kind: domain.ActorUser, ID: user.String(), User: user}
	case domain.MemberExpired:
		r.Actor = domain.Actor{Kind: domain.ActorSystem, ID: "muster"}
	case domain.SubscriptionPaused:
		if e.Cause != domain.PauseRequested {
			r.Actor = domain.Actor{Kind: domain.ActorSystem, ID: "muster"}
		}
	case domain.MemberRoleChanged:
		r.Actor = domain.Actor{Kind: domain.ActorToken, ID: billing.String()}
		r.OnBehalfOf = ada
	case domain.MemberAdded:
		r.Request, r.Reason = hash("request"), "Joined the team, ticket 4711"
	}
}
