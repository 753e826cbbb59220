package subscription

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/credentials"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/store"
)

// Spec is what a subscription wants, as the read model has it. The numbers are those of
// events in the organization's partition.
type Spec struct {
	ID           domain.SubscriptionID
	Organization domain.OrganizationID
	Partition    int // of the organization
	Kind         domain.SubscriptionKind
	Types        []string           // as in [feed.Filter]: muster.member.added, or muster.member.*; empty for all
	Workspace    domain.WorkspaceID // zero for all
	Batch        int                // the most events of one delivery, 1 to [domain.MaxBatch]; only for webhooks
	Paused       bool

	// Start is the number of the first event to be delivered, at least 1, when the cursor was
	// last set. The event with the number Set has set it: created, rewound or skipped.
	Start, Set uint64
	// Epoch is the number of the last event that the consumer is made again for: one that has
	// set the cursor, or has changed the filter or the URL. The next attempt is then made at
	// once. It is at least Set.
	Epoch uint64
	// Resumed is the number of the event that resumed the subscription last; 0 for none. It
	// forgets the failures.
	Resumed uint64
	// Version is the number of the subscription's last event of any type. It is at least
	// Epoch and Resumed.
	Version uint64
}

// SpecOf returns the spec of a subscription whose organization is in the partition.
func SpecOf(c *domain.Subscription, partition int) Spec {
	return Spec{
		ID: c.ID, Organization: c.Organization, Partition: partition, Kind: c.Kind,
		Types: c.Types, Workspace: c.Workspace, Batch: c.Batch, Paused: !c.PausedAt.IsZero(),
		Start: c.Start, Set: c.Set, Epoch: c.Epoch, Resumed: c.Resumed, Version: c.Version,
	}
}

// Filter returns the filter of the subscription's events.
func (s Spec) Filter() feed.Filter {
	return feed.Filter{Organization: s.Organization, Types: s.Types, Workspace: s.Workspace}
}

// epoch returns the number of the event that the consumer is made again for. What a client of
// NATS has fetched before a pause may still be acknowledged after it. A webhook that is resumed
// must be tried at once, whatever it was waiting for.
func (s Spec) epoch() uint64 {
	if s.Kind == domain.SubscriptionNATS {
		return s.Epoch
	}
	return max(s.Epoch, s.Resumed)
}

func (s Spec) stream() string { return store.FeedStream(s.Partition) }

// consumers is the prefix of the names of consumers.
const consumers = "subscription-"

// ConsumerName returns the name of the consumer of a subscription of kind NATS. It stays the same
// for the life of the subscription, because clients have it in their configuration.
func ConsumerName(id domain.SubscriptionID) string { return consumers + id.String() }

// consumerName returns the name of the consumer for the spec.
func (s Spec) consumerName() string { return s.consumerAt(s.epoch()) }

// consumerAt returns the name of the subscription's consumer for the epoch. For a webhook each
// epoch has its own, so that whatever a node with an older spec still acknowledges, gives back or
// asks for cannot reach the consumer of a newer one.
func (s Spec) consumerAt(epoch uint64) string {
	if s.Kind == domain.SubscriptionNATS {
		return ConsumerName(s.ID)
	}
	return ConsumerName(s.ID) + "-" + strconv.FormatUint(epoch, 10)
}

// subscriber returns the subscription of kind NATS whose consumer has the name. It reports false
// if it is the name of another consumer.
func subscriber(name string) (id domain.SubscriptionID, ok bool) {
	id, epoch, ok := consumerOf(name)
	return id, ok && epoch == 0
}

// consumerOf returns the subscription and the epoch that a name of a consumer says. The epoch of
// one of kind NATS is 0. It reports false if it is not the name of a subscription's consumer.
func consumerOf(name string) (id domain.SubscriptionID, epoch uint64, ok bool) {
	text, ok := strings.CutPrefix(name, consumers)
	if !ok {
		return id, 0, false
	}
	if size := len(id.String()); len(text) > size {
		number, found := strings.CutPrefix(text[size:], "-")
		epoch, err := strconv.ParseUint(number, 10, 64)
		if !found || err != nil || epoch == 0 {
			return id, 0, false
		}
		return id, epoch, id.UnmarshalText([]byte(text[:size])) == nil
	}
	return id, 0, id.UnmarshalText([]byte(text)) == nil
}

// Subjects returns the subjects of the feed that the subscription wants. They do not overlap.
func (s Spec) Subjects() []string {
	prefix := store.PublicSubject + s.Organization.String() + "."
	if s.Workspace.IsZero() {
		prefix += "*."
	} else {
		prefix += s.Workspace.String() + "."
	}
	if len(s.Types) == 0 {
		return []string{prefix + ">"}
	}
	var subjects []string
	for _, t := range s.Types {
		noun := t[:strings.LastIndexByte(t, '.')+1]
		if strings.HasSuffix(t, ".*") || !slices.Contains(s.Types, noun+"*") {
			subjects = append(subjects, prefix+strings.TrimPrefix(t, "muster."))
		}
	}
	slices.Sort(subjects)
	return slices.Compact(subjects)
}

const (
	// metaEpoch is the consumer's metadata that holds the epoch it was made for.
	metaEpoch = "muster-epoch"
	// natsAckWait is how long a client of NATS may take for an event before it is handed out
	// again.
	natsAckWait = 30 * time.Second
)

// never is the time until which a consumer is paused whose subscription is.
var never = time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC)

// config is the consumer that delivers the events after the position.
func (s Spec) config(position uint64, ackWait time.Duration) jetstream.ConsumerConfig {
	c := jetstream.ConsumerConfig{
		Durable:       s.consumerName(),
		Description:   "Cursor of a Muster subscription of kind " + string(s.Kind),
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: position + 1,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxDeliver: -1, MaxAckPending: 1,
		ReplayPolicy: jetstream.ReplayInstantPolicy,
		Metadata:     map[string]string{metaEpoch: strconv.FormatUint(s.epoch(), 10)},
	}
	if subjects := s.Subjects(); len(subjects) == 1 {
		c.FilterSubject = subjects[0]
	} else {
		c.FilterSubjects = subjects
	}
	if s.Kind == domain.SubscriptionNATS {
		c.AckWait, c.SampleFrequency = natsAckWait, "100%"
		c.MaxRequestExpires = credentials.MaxExpires
		if s.Paused {
			c.PauseUntil = &never
		}
	}
	return c
}

// epochOf returns the epoch that a consumer was made for.
func epochOf(info *jetstream.ConsumerInfo) uint64 {
	number, _ := strconv.ParseUint(info.Config.Metadata[metaEpoch], 10, 64) // 0 is before all others
	return number
}

// subjectsOf returns the subjects that a consumer wants.
func subjectsOf(info *jetstream.ConsumerInfo) []string {
	if info.Config.FilterSubject != "" {
		return []string{info.Config.FilterSubject}
	}
	return info.Config.FilterSubjects
}
