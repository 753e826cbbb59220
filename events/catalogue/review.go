package catalogue

import (
	"time"

	"github.com/muster-dev/muster/domain"
)

var spring = domain.ReviewID(id("01a2026d-3601-7c52-8f4b-2e9d6a7b1c03"))

var reviews = []row{
	{
		What: "A review of access was opened.",
		More: "It asks of everybody who had access at one moment whether they still need it. With a `workspaceid` it is about that workspace, and without one about all of the organization's.",
		Text: map[string]string{
			"review":        "The review.",
			"review.id":     "The review's id.",
			"review.name":   "The review's name, for people.",
			"review.as_of":  "The number of the event after which the access is reviewed: the second half of its position.",
			"review.at":     "The moment that is reviewed. What has ended by the clock then is no access.",
			"review.rows":   "How many rows the review has: one for each user and workspace that they had access to.",
			"review.due_at": "When the review is to be closed, for people. Absent if there is no such time.",
		},
		Examples: []domain.Event{
			domain.ReviewOpened{About: acme, Review: domain.ReviewFacts{ID: spring, Name: "Spring 2026", AsOf: 41, At: noon, Rows: 12, DueAt: noon.Add(14 * 24 * time.Hour)}},
			domain.ReviewOpened{About: product, Review: domain.ReviewFacts{ID: spring, Name: "Product", AsOf: 41, At: noon, Rows: 4}},
		},
	},
	{
		What: "A reviewer has decided about the user's access to the workspace.",
		More: "If it was revoked, the event that ends the membership follows in the same command. There is none if the user was no member any more.",
		Text: map[string]string{
			"decision": "`kept`: the access is right. `revoked`: it was taken away.",
			"before":   "What was decided before. Absent if nothing was.",
			"reason":   "Why, in the reviewer's words. Absent if they gave none.",
		},
		Examples: []domain.Event{
			domain.ReviewRowDecided{About: member, ID: spring, Decision: domain.ReviewKept, Why: "Leads the launch"},
			domain.ReviewRowDecided{About: member, ID: spring, Decision: domain.ReviewRevoked, Before: domain.ReviewKept},
		},
	},
	{
		What: "The review was closed.",
		More: "Nothing more is decided in it.",
		Text: map[string]string{
			"undecided": "How many rows nobody has decided.",
			"reason":    "Why they were left. Absent if none were.",
		},
		Examples: []domain.Event{
			domain.ReviewClosed{About: acme, ID: spring, Undecided: 3, Why: "The owner is away until May"},
			domain.ReviewClosed{About: acme, ID: spring},
		},
	},
}
