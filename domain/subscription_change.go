package domain

import (
	"fmt"
	"slices"
	"time"
)

// CreateSubscription creates a subscription.
type CreateSubscription struct {
	Meta
	Subscription SubscriptionFacts
	// From is the number of the first event to deliver; zero for what comes after the
	// creation.
	From uint64
}

// CommandType is create_subscription.
func (CreateSubscription) CommandType() string { return "create_subscription" }

func (c CreateSubscription) target(*State) Key {
	return SubscriptionKey(c.Organization, c.Subscription.ID)
}

func (c CreateSubscription) needs(keys []Key, s *State) []Key {
	return termsNeeds(append(keys, c.target(s), SubscriptionCountKey(c.Organization)), c.Subscription.SubscriptionTerms)
}

func (c CreateSubscription) decide(s *State, _ time.Time) ([]Event, error) {
	if err := s.maySubscribe(c.Meta); err != nil {
		return nil, err
	}
	if s.Subscription(c.Organization, c.Subscription.ID) != nil {
		return nil, fmt.Errorf("subscription %s: %w", c.Subscription.ID, ErrSubscriptionExists)
	}
	if err := s.mayHear(c.Meta); err != nil {
		return nil, err
	}
	if err := s.checkTerms(c.Meta, c.Subscription.Kind, c.Subscription.SubscriptionTerms); err != nil {
		return nil, err
	}
	if s.SubscriptionCount(c.Organization) >= MaxSubscriptions {
		return nil, fmt.Errorf("%d: %w", MaxSubscriptions, ErrTooManySubscriptions)
	}
	facts := c.Subscription
	facts.SubscriptionTerms = facts.usual()
	return []Event{SubscriptionCreated{About{Organization: c.Organization}, facts, c.From}}, nil
}

// UpdateSubscription changes a subscription.
type UpdateSubscription struct {
	Meta
	ID        SubscriptionID
	Name      *string      // nil: unchanged
	Types     *[]string    // nil: unchanged
	Workspace *WorkspaceID // nil: unchanged
	URL       *string      // nil: unchanged
	Include   *[]string    // nil: unchanged
	Batch     *int         // nil: unchanged
}

// CommandType is update_subscription.
func (UpdateSubscription) CommandType() string { return "update_subscription" }

func (c UpdateSubscription) target(*State) Key { return SubscriptionKey(c.Organization, c.ID) }

func (c UpdateSubscription) needs(keys []Key, s *State) []Key {
	keys = append(keys, c.target(s))
	if subscription := s.Subscription(c.Organization, c.ID); subscription != nil {
		keys = termsNeeds(keys, c.terms(subscription))
	}
	return keys
}

func (c UpdateSubscription) decide(s *State, _ time.Time) ([]Event, error) {
	before, err := s.mayChangeSubscription(c.Meta, c.ID)
	if err != nil {
		return nil, err
	}
	was, terms := before.SubscriptionTerms, c.terms(before)
	types, include := slices.Equal(was.Types, terms.Types), slices.Equal(was.Include, terms.Include)
	if types && include && was.Name == terms.Name && was.Workspace == terms.Workspace && was.URL == terms.URL && was.Batch == terms.Batch {
		return nil, nil
	}
	if !types || !include || was.Workspace != terms.Workspace || was.URL != terms.URL { // somebody can hear what they did not
		if err := s.mayHear(c.Meta); err != nil {
			return nil, err
		}
	}
	if err := s.checkTerms(c.Meta, before.Kind, terms); err != nil {
		return nil, err
	}
	return []Event{SubscriptionUpdated{About{Organization: c.Organization}, c.ID, terms}}, nil
}

// PauseSubscription stops a subscription from delivering. Its cursor stays where it is.
type PauseSubscription struct {
	Meta
	ID     SubscriptionID
	Cause  PauseCause
	Detail string // for people
	// Judged is the subscription that Muster has found unable to deliver; nil for a pause that
	// somebody requests. If it was resumed, set, sent elsewhere or given another secret
	// since, the command changes nothing.
	Judged *Subscription
}

// CommandType is pause_subscription.
func (PauseSubscription) CommandType() string { return "pause_subscription" }

func (c PauseSubscription) target(*State) Key { return SubscriptionKey(c.Organization, c.ID) }

func (c PauseSubscription) needs(keys []Key, s *State) []Key { return append(keys, c.target(s)) }

func (c PauseSubscription) decide(s *State, _ time.Time) ([]Event, error) {
	subscription, err := s.mayChangeSubscription(c.Meta, c.ID)
	if err != nil {
		return nil, err
	}
	if c.Detail != "" {
		if err := CheckReason("/reason", c.Detail); err != nil {
			return nil, err
		}
	}
	if j := c.Judged; !subscription.PausedAt.IsZero() ||
		j != nil && (j.Epoch != subscription.Epoch || j.Resumed != subscription.Resumed || j.Generation != subscription.Generation) {
		return nil, nil
	}
	return []Event{SubscriptionPaused{About{Organization: c.Organization}, c.ID, c.Cause, c.Detail}}, nil
}

// ResumeSubscription has a paused subscription go on where it stood.
type ResumeSubscription struct {
	Meta
	ID SubscriptionID
}

// CommandType is resume_subscription.
func (ResumeSubscription) CommandType() string { return "resume_subscription" }

func (c ResumeSubscription) target(*State) Key { return SubscriptionKey(c.Organization, c.ID) }

func (c ResumeSubscription) needs(keys []Key, s *State) []Key { return append(keys, c.target(s)) }

func (c ResumeSubscription) decide(s *State, _ time.Time) ([]Event, error) {
	subscription, err := s.mayChangeSubscription(c.Meta, c.ID)
	if err != nil || subscription.PausedAt.IsZero() {
		return nil, err
	}
	if err := s.mayHear(c.Meta); err != nil {
		return nil, err
	}
	return []Event{SubscriptionResumed{About{Organization: c.Organization}, c.ID}}, nil
}

// RewindSubscription sets the cursor of a subscription.
type RewindSubscription struct {
	Meta
	ID SubscriptionID
	// From is the number of the first event to deliver; zero for what comes after the
	// command.
	From uint64
}

// CommandType is rewind_subscription.
func (RewindSubscription) CommandType() string { return "rewind_subscription" }

func (c RewindSubscription) target(*State) Key { return SubscriptionKey(c.Organization, c.ID) }

func (c RewindSubscription) needs(keys []Key, s *State) []Key { return append(keys, c.target(s)) }

func (c RewindSubscription) decide(s *State, _ time.Time) ([]Event, error) {
	if _, err := s.mayChangeSubscription(c.Meta, c.ID); err != nil {
		return nil, err
	}
	if err := s.mayHear(c.Meta); err != nil {
		return nil, err
	}
	return []Event{SubscriptionRewound{About{Organization: c.Organization}, c.ID, c.From}}, nil
}

// SkipEvent moves the cursor of a subscription behind an event that is not delivered.
type SkipEvent struct {
	Meta
	ID     SubscriptionID
	Number uint64
	// Next is the number of the next event that the subscription has to deliver; zero if there
	// is none. The caller finds it: how far a subscription has come is not part of the state.
	Next uint64
	// Set is the [Subscription.Set] of the subscription for which Next was found. If the cursor
	// was set since, the command is refused.
	Set uint64
	Why string
}

// CommandType is skip_event.
func (SkipEvent) CommandType() string { return "skip_event" }

func (c SkipEvent) target(*State) Key { return SubscriptionKey(c.Organization, c.ID) }

func (c SkipEvent) needs(keys []Key, s *State) []Key { return append(keys, c.target(s)) }

func (c SkipEvent) decide(s *State, _ time.Time) ([]Event, error) {
	subscription, err := s.mayChangeSubscription(c.Meta, c.ID)
	if err != nil {
		return nil, err
	}
	if c.Why == "" {
		return nil, &InvalidError{"/reason", "required", "a reason is needed, because the event is lost to the subscriber"}
	}
	if err := CheckReason("/reason", c.Why); err != nil {
		return nil, err
	}
	if c.Number != c.Next || c.Set != subscription.Set {
		return nil, fmt.Errorf("event %d: %w", c.Number, ErrNotNext)
	}
	return []Event{SubscriptionSkipped{About{Organization: c.Organization}, c.ID, c.Number, c.Why}}, nil
}

// RotateSubscriptionSecret gives a subscription a new secret.
type RotateSubscriptionSecret struct {
	Meta
	ID     SubscriptionID
	Secret Hash
	// Generation is the number of the new secret: one more than that of the secret before.
	Generation int
	// Overlap is how long the old secret stays valid; zero for not at all.
	Overlap time.Duration
}

// CommandType is rotate_subscription_secret.
func (RotateSubscriptionSecret) CommandType() string { return "rotate_subscription_secret" }

func (c RotateSubscriptionSecret) target(*State) Key { return SubscriptionKey(c.Organization, c.ID) }

func (c RotateSubscriptionSecret) needs(keys []Key, s *State) []Key {
	return append(keys, c.target(s))
}

func (c RotateSubscriptionSecret) decide(s *State, at time.Time) ([]Event, error) {
	subscription, err := s.mayChangeSubscription(c.Meta, c.ID)
	if err != nil {
		return nil, err
	}
	if err := s.mayHear(c.Meta); err != nil { // the secret of kind nats reads events
		return nil, err
	}
	if c.Overlap < 0 || c.Overlap > MaxOverlap {
		return nil, &InvalidError{"/overlap_seconds", "out_of_range", "an overlap of 7 days at most is expected"}
	}
	if c.Generation != subscription.Generation+1 {
		return nil, fmt.Errorf("subscription %s: %w", c.ID, ErrSecretRotated)
	}
	return []Event{SubscriptionSecretRotated{About{Organization: c.Organization}, c.ID, c.Secret, c.Generation, at.Add(c.Overlap)}}, nil
}

// DeleteSubscription deletes a subscription and its cursor. Deleting it a second time
// changes nothing.
type DeleteSubscription struct {
	Meta
	ID SubscriptionID
}

// CommandType is delete_subscription.
func (DeleteSubscription) CommandType() string { return "delete_subscription" }

func (c DeleteSubscription) target(*State) Key { return SubscriptionKey(c.Organization, c.ID) }

func (c DeleteSubscription) needs(keys []Key, s *State) []Key {
	return append(keys, c.target(s), SubscriptionCountKey(c.Organization))
}

func (c DeleteSubscription) decide(s *State, _ time.Time) ([]Event, error) {
	if err := s.maySubscribe(c.Meta); err != nil {
		return nil, err
	}
	subscription := s.Subscription(c.Organization, c.ID)
	if subscription == nil {
		return nil, fmt.Errorf("subscription %s: %w", c.ID, ErrUnknownSubscription)
	}
	if !subscription.DeletedAt.IsZero() {
		return nil, nil
	}
	return []Event{SubscriptionDeleted{About{Organization: c.Organization}, c.ID}}, nil
}
