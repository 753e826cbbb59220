package catalogue

import (
	"maps"
	"time"

	"github.com/muster-dev/muster/domain"
)

var (
	hook = domain.SubscriptionID(id("01a2026d-35c1-7f0e-93d4-8b6a1e2c4f57"))

	hookTerms = domain.SubscriptionTerms{
		Name: "Billing", Types: []string{"muster.member.*"}, Workspace: product.Workspace,
		URL: "https://hooks.example.com/muster", Include: []string{domain.IncludeProfile},
	}
)

// termTexts say what can be changed of a subscription. The paths begin with the prefix.
func termTexts(prefix string) map[string]string {
	return map[string]string{
		prefix + "name":         "The subscription's name, for people.",
		prefix + "types":        "The types of events that it wants: a type, or all of a noun, as in `muster.member.*`. If the list is empty it wants all.",
		prefix + "workspace_id": "The workspace whose events it wants. Absent if it wants those of the whole organization.",
		prefix + "url":          "Where a webhook is sent. Absent for other kinds.",
		prefix + "include":      "What a webhook gets besides: `profile` for the personal data of events. Absent if it gets nothing else.",
		prefix + "batch":        "How many events a webhook gets at most in one request. Absent if each has a request of its own.",
	}
}

func with(texts, more map[string]string) map[string]string {
	maps.Copy(texts, more)
	return texts
}

const from = "The number of the first event to deliver: the second half of its position. Absent if delivery begins with what comes after this event."

var subscriptions = []row{
	{
		What: "There is a new subscription.",
		Text: with(termTexts("subscription."), map[string]string{
			"subscription":               "The subscription.",
			"subscription.id":            "The subscription's id.",
			"subscription.kind":          "How events reach the subscriber: `webhook` sends them to a URL, and with `nats` the subscriber fetches them.",
			"subscription.secret_sha256": "The SHA-256 of its secret. The secret itself is stored nowhere in the log.",
			"from":                       from,
		}),
		Examples: []domain.Event{domain.SubscriptionCreated{About: acme, From: 1, Subscription: domain.SubscriptionFacts{
			ID: hook, Kind: domain.SubscriptionWebhook, Secret: hash("subscription"), SubscriptionTerms: hookTerms,
		}}},
	},
	{
		What: "The subscription has other terms.",
		More: "It has all of them as they are now, and not only what has changed.",
		Text: termTexts(""),
		Examples: []domain.Event{domain.SubscriptionUpdated{
			About: acme, ID: hook, SubscriptionTerms: domain.SubscriptionTerms{Name: "Billing", Types: []string{}, URL: hookTerms.URL, Batch: 100},
		}},
	},
	{
		What: "The subscription was paused.",
		More: "It keeps its place, and nothing is delivered until it is resumed.",
		Text: map[string]string{
			"cause":  "Why: `requested` by a request, `failing` because nothing could be delivered for days, `gone` because the receiver has said that it is gone for good, `secret` because the secret to sign with is not the one that was given out.",
			"detail": "What else there is to say of the cause, for people. Absent if there is nothing.",
		},
		Examples: []domain.Event{
			domain.SubscriptionPaused{About: acme, ID: hook, Cause: domain.PauseGone, Detail: "the receiver has sent 410 Gone"},
			domain.SubscriptionPaused{About: acme, ID: hook, Cause: domain.PauseRequested},
		},
	},
	{
		What:     "The subscription was resumed.",
		More:     "It goes on where it stood.",
		Examples: []domain.Event{domain.SubscriptionResumed{About: acme, ID: hook}},
	},
	{
		What:     "The subscription was set to another place in history.",
		More:     "It delivers everything from there on, also what it has delivered before.",
		Text:     map[string]string{"from": from},
		Examples: []domain.Event{domain.SubscriptionRewound{About: acme, ID: hook, From: 17}},
	},
	{
		What: "One event was skipped: it is not delivered to the subscription.",
		Text: map[string]string{
			"number": "The number of the event that was skipped: the second half of its position.",
			"reason": "Why it was skipped.",
		},
		Examples: []domain.Event{domain.SubscriptionSkipped{About: acme, ID: hook, Number: 42, Why: "The receiver has handled it by hand, ticket 4712"}},
	},
	{
		What: "The subscription has another secret.",
		Text: map[string]string{"generation": "Counts the secrets of the subscription, from 1."},
		Examples: []domain.Event{domain.SubscriptionSecretRotated{
			About: acme, ID: hook, Secret: hash("new subscription"), Generation: 2, FormerUntil: noon.Add(24 * time.Hour),
		}},
	},
	{
		What:     "The subscription was deleted.",
		More:     "Its place in history is gone with it.",
		Examples: []domain.Event{domain.SubscriptionDeleted{About: acme, ID: hook}},
	},
}
