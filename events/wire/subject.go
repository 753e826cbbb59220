package wire

import "github.com/muster-dev/muster/domain"

// The subjects of CloudEvents: the resource within the organization that an event is
// about.

func organizationSubject[E domain.Event](E) string { return "" }

func organizationMemberSubject[E domain.Event](e E) string {
	return "members/" + e.Concerns().User.String()
}

func userSubject[E domain.Event](e E) string { return "users/" + e.Concerns().User.String() }

func workspaceSubject[E domain.Event](e E) string {
	return "workspaces/" + e.Concerns().Workspace.String()
}

func memberSubject[E domain.Event](e E) string {
	about := e.Concerns()
	return "workspaces/" + about.Workspace.String() + "/members/" + about.User.String()
}

func roleSubject(id domain.RoleID) string { return "roles/" + id.String() }

func tokenSubject(id domain.TokenID) string { return "tokens/" + id.String() }

func reviewSubject(id domain.ReviewID) string { return "reviews/" + id.String() }

func subscriptionSubject(id domain.SubscriptionID) string { return "subscriptions/" + id.String() }
