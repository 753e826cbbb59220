// Package shown shows events to people, with the names of people, workspaces, roles, tokens and
// subscriptions beside their ids. The names come from the events themselves and from the API of
// a running service, as far as the token may read them:
//
//	lines := shown.Lines{Out: os.Stdout, Names: shown.NewNames(client, organization)}
//	err := lines.Print(ctx, &event)
package shown
