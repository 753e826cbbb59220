package native

import (
	"net/http"

	"github.com/muster-dev/muster/transport"
)

func (s *subscriptions) operations() []transport.Operation {
	const path = "/v1/organizations/{organization}/subscriptions"
	const one = path + "/{subscription}"
	const tag = "Subscriptions"
	return []transport.Operation{
		{
			ID: "list-subscriptions", Path: path,
			Reach: transport.ReachOrganization, Scope: "subscriptions:read", Tag: tag,
			Summary:     "List subscriptions",
			Description: "The organization's subscriptions with how far each has come, the oldest first.",
			Do:          transport.Query(s.list),
		},
		{
			ID: "create-subscription", Method: http.MethodPost, Path: path,
			Reach: transport.ReachOrganization, Scope: "subscriptions:create", Tag: tag, Status: http.StatusCreated,
			Summary:     "Create a subscription",
			Description: "Makes a named, durable cursor on the organization's events. Events are delivered in order, one at a time and at least once, and none is ever skipped but by a skip. The token must also have the scope events:read. The secret is in this response and in no other. 409 nats_not_offered if subscribers cannot come in to NATS, and 409 too_many_subscriptions at 100.",
			Do:          transport.Command(s.create),
		},
		{
			ID: "get-subscription", Path: one,
			Reach: transport.ReachOrganization, Scope: "subscriptions:read", Tag: tag,
			Summary:     "Get a subscription",
			Description: "The subscription with how far it has come.",
			Do:          transport.Query(s.get),
		},
		{
			ID: "update-subscription", Method: http.MethodPatch, Path: one,
			Reach: transport.ReachOrganization, Scope: "subscriptions:update", Tag: tag,
			Summary:     "Change a subscription",
			Description: "Changes what is sent. Other types or another workspace count for what comes after the change, or, if events were undelivered then, for everything after the subscription's position. The token must also have the scope events:read for every change but of name and batch.",
			Do:          transport.Command(s.update),
		},
		{
			ID: "delete-subscription", Method: http.MethodDelete, Path: one,
			Reach: transport.ReachOrganization, Scope: "subscriptions:delete", Tag: tag,
			Summary:     "Delete a subscription",
			Description: "Deletes the subscription, its cursor and its list of deliveries. A subscriber in NATS is disconnected. Also 204 if it was deleted before.",
			Do:          transport.Command(s.delete),
		},
		{
			ID: "pause-subscription", Method: http.MethodPost, Path: one + "/pause",
			Reach: transport.ReachOrganization, Scope: "subscriptions:update", Tag: tag,
			Summary:     "Pause a subscription",
			Description: "Nothing is delivered until the subscription is resumed. It keeps its place, however long that takes. Again 200 when paused before.",
			Do:          transport.Command(s.pause),
		},
		{
			ID: "resume-subscription", Method: http.MethodPost, Path: one + "/resume",
			Reach: transport.ReachOrganization, Scope: "subscriptions:update", Tag: tag,
			Summary:     "Resume a subscription",
			Description: "Goes on where the subscription stood, at once. Again 200 when active.",
			Do:          transport.Command(s.resume),
		},
		{
			ID: "rewind-subscription", Method: http.MethodPost, Path: one + "/rewind",
			Reach: transport.ReachOrganization, Scope: "subscriptions:update", Tag: tag,
			Summary:     "Rewind a subscription",
			Description: "Delivers everything from an event on, also what was delivered before. It can also go forward, and then leaves out what is before. A replay is signed with the current secret.",
			Do:          transport.Command(s.rewind),
		},
		{
			ID: "skip-event", Method: http.MethodPost, Path: one + "/skip",
			Reach: transport.ReachOrganization, Scope: "subscriptions:update", Tag: tag,
			Summary:     "Skip an event",
			Description: "Leaves out one event, with a reason: the next undelivered one, which may be one that the receiver can never take. 409 not_next for any other.",
			Do:          transport.Command(s.skip),
		},
		{
			ID: "rotate-subscription-secret", Method: http.MethodPost, Path: one + "/rotate-secret",
			Reach: transport.ReachOrganization, Scope: "subscriptions:update", Tag: tag,
			Summary:     "Rotate the secret of a subscription",
			Description: "Gives the subscription another secret, which is in this response and in no other. Until the overlap ends, 7 days at most, webhooks are signed with both, and both log in to NATS.",
			Do:          transport.Command(s.rotate),
		},
		{
			ID: "ping-subscription", Method: http.MethodPost, Path: one + "/ping",
			Reach: transport.ReachOrganization, Scope: "subscriptions:update", Tag: tag,
			Summary:     "Send a test event",
			Description: "Sends an event of the type muster.subscription.ping to a webhook at once, also if the subscription is paused, and returns what came of it. It is in no log, and moves no cursor.",
			Errors:      []int{http.StatusConflict},
			Do:          transport.Ask(s.ping),
		},
		{
			ID: "list-deliveries", Path: one + "/deliveries",
			Reach: transport.ReachOrganization, Scope: "subscriptions:read", Tag: tag,
			Summary:     "List deliveries",
			Description: "The last 500 attempts to deliver of the last 30 days, the last one first. What was sent is not kept: it is in the events.",
			Do:          transport.Query(s.deliveries),
		},
	}
}
