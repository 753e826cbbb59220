package domain

import (
	"fmt"
	"regexp"
	"slices"
	"unicode/utf8"
)

// scopeEvents is what a token needs to read the events that a subscription delivers.
const scopeEvents Scope = "events:read"

// terms returns the terms that the subscription would have.
func (c UpdateSubscription) terms(of *Subscription) SubscriptionTerms {
	terms := of.SubscriptionTerms
	give(&terms.Name, c.Name)
	give(&terms.Types, c.Types)
	give(&terms.Workspace, c.Workspace)
	give(&terms.URL, c.URL)
	give(&terms.Include, c.Include)
	give(&terms.Batch, c.Batch)
	return terms.usual()
}

// usual returns the terms with one spelling for lists that are empty.
func (t SubscriptionTerms) usual() SubscriptionTerms {
	if t.Types == nil {
		t.Types = []string{}
	}
	if len(t.Include) == 0 {
		t.Include = nil
	}
	return t
}

// give sets the value to the one that was given, if one was.
func give[T any](value, given *T) {
	if given != nil {
		*value = *given
	}
}

// maySubscribe refuses an actor who does not act for the organization: a subscription
// belongs to it and hears everything that happens in it.
func (s *State) maySubscribe(m Meta) error {
	if _, err := s.organization(m); err != nil {
		return err
	}
	_, err := s.organizationAuthority(m)
	return err
}

// mayHear refuses an actor who may not read events: through a subscription they could. What
// Muster does by itself gives nobody anything.
func (s *State) mayHear(m Meta) error {
	if !m.Actor.Credential.Scopes.Allow(scopeEvents) {
		return fmt.Errorf("the scope %s is needed, because a subscription delivers events: %w", scopeEvents, ErrNotAllowed)
	}
	return nil
}

// mayChangeSubscription returns the subscription. It refuses an actor who may not change it.
func (s *State) mayChangeSubscription(m Meta, id SubscriptionID) (*Subscription, error) {
	if err := s.maySubscribe(m); err != nil {
		return nil, err
	}
	subscription := s.Subscription(m.Organization, id)
	if subscription == nil || !subscription.DeletedAt.IsZero() {
		return nil, fmt.Errorf("subscription %s: %w", id, ErrUnknownSubscription)
	}
	return subscription, nil
}

// termsNeeds appends what [State.checkTerms] must see.
func termsNeeds(keys []Key, t SubscriptionTerms) []Key {
	if !t.Workspace.IsZero() {
		keys = append(keys, WorkspaceKey(t.Workspace))
	}
	return keys
}

// eventTypes matches a type of event, and all types of a noun.
var eventTypes = regexp.MustCompile(`^muster\.[a-z_]+\.([a-z_]+|\*)$`)

// checkTerms checks what a subscription of the kind can have.
func (s *State) checkTerms(m Meta, kind SubscriptionKind, t SubscriptionTerms) error {
	if err := checkName("/name", t.Name); err != nil {
		return err
	}
	if len(t.Types) > MaxEventTypes {
		return &InvalidError{"/types", "too_many", fmt.Sprintf("at most %d types are expected", MaxEventTypes)}
	}
	for i, eventType := range t.Types {
		if slices.Contains(t.Types[:i], eventType) {
			return &InvalidError{fmt.Sprintf("/types/%d", i), "duplicate", "each type once is expected"}
		}
		if !eventTypes.MatchString(eventType) || len(eventType) > MaxEventType {
			return &InvalidError{fmt.Sprintf("/types/%d", i), "invalid_value", "a type like muster.member.added, or all of a noun like muster.member.*, is expected"}
		}
	}
	if !t.Workspace.IsZero() {
		if _, err := s.workspace(m, t.Workspace); err != nil {
			return &InvalidError{"/workspace_id", "unknown_workspace", "a workspace of the organization is expected"}
		}
	}
	switch kind {
	case SubscriptionNATS:
		return checkNATS(t)
	case SubscriptionWebhook:
		return checkWebhook(t)
	default:
		return &InvalidError{"/kind", "invalid_value", "webhook or nats is expected"}
	}
}

// checkNATS refuses terms that only webhooks have.
func checkNATS(t SubscriptionTerms) error {
	switch {
	case t.URL != "":
		return &InvalidError{"/url", "not_applicable", "only a webhook has a URL"}
	case len(t.Include) > 0:
		return &InvalidError{"/include", "not_applicable", "only for a webhook: events in NATS are whole"}
	case t.Batch > 1:
		return &InvalidError{"/batch", "not_applicable", "only for a webhook: a NATS client gets one event at a time"}
	}
	return nil
}

// checkWebhook checks the terms of a webhook, but for whether anybody may be reached at its
// URL.
func checkWebhook(t SubscriptionTerms) error {
	switch {
	case t.URL == "":
		return &InvalidError{"/url", "required", "a webhook needs the URL that events are sent to"}
	case utf8.RuneCountInString(t.URL) > MaxURL:
		return &InvalidError{"/url", "too_long", fmt.Sprintf("at most %d characters are expected", MaxURL)}
	case t.Batch < 0 || t.Batch > MaxBatch:
		return &InvalidError{"/batch", "out_of_range", fmt.Sprintf("from 1 to %d events are expected", MaxBatch)}
	}
	for i, include := range t.Include {
		if include != IncludeProfile || i > 0 {
			return &InvalidError{fmt.Sprintf("/include/%d", i), "invalid_value", `only "profile", and once, is expected`}
		}
	}
	return nil
}
