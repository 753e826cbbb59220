package subscriber

import "net/url"

// Filter narrows a stream to some events. Filters of different kinds must all hold.
type Filter func(url.Values)

// Types lets events of these types pass: a type like "muster.member.added", or all types of
// a noun like "muster.member.*".
func Types(types ...string) Filter {
	return func(query url.Values) { query["type"] = append(query["type"], types...) }
}

// Workspace lets events pass that concern the workspace.
func Workspace(id string) Filter {
	return func(query url.Values) { query.Set("workspace_id", id) }
}

// User lets events pass that concern the user.
func User(id string) Filter {
	return func(query url.Values) { query.Set("user_id", id) }
}
