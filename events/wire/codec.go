package wire

import (
	"errors"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/domain"
)

// The reasons why this version of Muster cannot read a stored event. A projection stops
// at such an event, because skipping it would make the read models wrong.
var (
	ErrUnknownType   = errors.New("unknown event type: a newer Muster wrote it")
	ErrUnknownSchema = errors.New("unknown schema of the event's data: a newer Muster wrote it")
)

// codecs is the whole format: every type that was ever written, with the schema of its
// data and the subject of its CloudEvent. The name on the wire is the type's own.
var codecs = table(
	of[domain.OrganizationCreated](1, organizationSubject),
	of[domain.OrganizationRenamed](1, organizationSubject),
	of[domain.OrganizationMemberAdded](1, organizationMemberSubject),
	of[domain.OrganizationMemberRoleChanged](1, organizationMemberSubject),
	of[domain.OrganizationMemberRemoved](1, organizationMemberSubject),
	of[domain.OrganizationMemberSuspended](1, organizationMemberSubject),
	of[domain.OrganizationMemberReinstated](1, organizationMemberSubject),
	sealable(of[domain.UserProfileSet](1, userSubject)),
	of[domain.UserErasureRequested](1, userSubject),
	of[domain.UserErased](1, userSubject),
	of[domain.WorkspaceCreated](1, workspaceSubject),
	of[domain.WorkspaceRenamed](1, workspaceSubject),
	of[domain.WorkspaceArchived](1, workspaceSubject),
	of[domain.WorkspaceRestored](1, workspaceSubject),
	of[domain.WorkspaceOwnershipTransferred](1, workspaceSubject),
	of[domain.MemberInvited](1, memberSubject),
	of[domain.MemberAdded](1, memberSubject),
	of[domain.MemberAccepted](1, memberSubject),
	of[domain.MemberInvitationRenewed](1, memberSubject),
	of[domain.MemberRoleChanged](1, memberSubject),
	of[domain.MemberPermissionsChanged](1, memberSubject),
	of[domain.MemberExpiryChanged](1, memberSubject),
	of[domain.MemberSuspended](1, memberSubject),
	of[domain.MemberReinstated](1, memberSubject),
	of[domain.MemberRemoved](1, memberSubject),
	of[domain.MemberLeft](1, memberSubject),
	of[domain.MemberExpired](1, memberSubject),
	of[domain.RoleCreated](1, func(e domain.RoleCreated) string { return roleSubject(e.RoleID) }),
	of[domain.RoleUpdated](1, func(e domain.RoleUpdated) string { return roleSubject(e.RoleID) }),
	of[domain.RoleArchived](1, func(e domain.RoleArchived) string { return roleSubject(e.RoleID) }),
	of[domain.TokenIssued](1, func(e domain.TokenIssued) string { return tokenSubject(e.Token.ID) }),
	of[domain.TokenRotated](1, func(e domain.TokenRotated) string { return tokenSubject(e.TokenID) }),
	of[domain.TokenRevoked](1, func(e domain.TokenRevoked) string { return tokenSubject(e.TokenID) }),
	of[domain.SubscriptionCreated](1, func(e domain.SubscriptionCreated) string { return subscriptionSubject(e.Subscription.ID) }),
	of[domain.SubscriptionUpdated](1, func(e domain.SubscriptionUpdated) string { return subscriptionSubject(e.ID) }),
	of[domain.SubscriptionPaused](1, func(e domain.SubscriptionPaused) string { return subscriptionSubject(e.ID) }),
	of[domain.SubscriptionResumed](1, func(e domain.SubscriptionResumed) string { return subscriptionSubject(e.ID) }),
	of[domain.SubscriptionRewound](1, func(e domain.SubscriptionRewound) string { return subscriptionSubject(e.ID) }),
	of[domain.SubscriptionSkipped](1, func(e domain.SubscriptionSkipped) string { return subscriptionSubject(e.ID) }),
	of[domain.SubscriptionSecretRotated](1, func(e domain.SubscriptionSecretRotated) string { return subscriptionSubject(e.ID) }),
	of[domain.SubscriptionDeleted](1, func(e domain.SubscriptionDeleted) string { return subscriptionSubject(e.ID) }),
	of[domain.ReviewOpened](1, func(e domain.ReviewOpened) string { return reviewSubject(e.Review.ID) }),
	of[domain.ReviewRowDecided](1, func(e domain.ReviewRowDecided) string { return reviewSubject(e.ID) }),
	of[domain.ReviewClosed](1, func(e domain.ReviewClosed) string { return reviewSubject(e.ID) }),
)

// codec reads and writes the data of one type of event.
type codec struct {
	eventType  string
	schema     int
	dataSchema string
	content    string // the attributes that say what the data is, as Encode writes them
	subject    func(domain.Event) string
	decode     func(data jsontext.Value, about domain.About) (domain.Event, error)
}

// of returns the codec of the event type E, whose data is E's own JSON form. The subject
// is the resource within the organization that the event is about. It is empty for the
// organization itself.
func of[E domain.Event, P interface {
	*E
	Concern(domain.About)
}](schema int, subject func(E) string,
) codec {
	var zero E
	eventType := zero.EventType()
	dataSchema := DataSchema(eventType, schema)
	return codec{
		eventType: eventType, schema: schema,
		dataSchema: dataSchema, content: contentType + `,"dataschema":"` + dataSchema + `"`,
		subject: func(e domain.Event) string { return subject(e.(E)) },
		decode: func(data jsontext.Value, about domain.About) (domain.Event, error) {
			e := new(E)
			if err := json.Unmarshal(data, e, strict); err != nil {
				return nil, err
			}
			P(e).Concern(about)
			return *e, nil
		},
	}
}

func table(list ...codec) map[string]codec {
	m := make(map[string]codec, len(list))
	for _, c := range list {
		m[c.eventType] = c
	}
	return m
}

// Types returns the names of all types of events, in no particular order.
func Types() []string {
	types := make([]string, 0, len(codecs))
	for t := range codecs {
		types = append(types, t)
	}
	return types
}

// SchemaOf returns the number of the schema with which data of events of the type is written. It
// returns 0 if there is no type of that name.
func SchemaOf(eventType string) int { return codecs[eventType].schema }

// SchemaPrefix is how the URIs begin that name JSON Schemas. With the base URL of a node and a
// slash in its place, the URI is the address of the document.
const SchemaPrefix = "muster://"

// DataSchema returns the URI that names the JSON Schema of an event's data, for the attribute
// dataschema of CloudEvents:
//
//	muster://schemas/muster.member.added/1
//
// It is the same on every node and in every installation, because it is part of the stored
// event.
func DataSchema(eventType string, schema int) string {
	return SchemaPrefix + "schemas/" + eventType + "/" + strconv.Itoa(schema)
}

// Known reports whether there is a type of events with that name.
func Known(eventType string) bool {
	_, ok := codecs[eventType]
	return ok
}
