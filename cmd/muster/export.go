package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/domain"
)

// exporting is a run of muster export.
type exporting struct {
	client
	workspace domain.WorkspaceID
	format    string
}

func newExport() *cobra.Command {
	e := exporting{format: "csv"}
	cmd := &cobra.Command{
		Use: "export", Short: "Print the members of a workspace of a running service",
		Long: "Export prints the members of a workspace, invited and suspended ones too, in a form that\n" +
			"muster import reads.",
		Args: cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command, _ []string) error {
			return e.run(cmd.Context(), cmd.OutOrStdout())
		}),
	}
	f := cmd.Flags()
	e.flags(f)
	e.credentials(f)
	f.Var(newParsed(&e.workspace, "id", domain.ParseID), "workspace", "the workspace")
	_ = cmd.MarkFlagRequired("workspace")
	f.Var(oneOf(&e.format, "csv", "jsonl"), "format", "how to print")
	return cmd
}

// exported is a member as the API shows it, as far as an export says it.
type exported struct {
	UserID    string      `json:"user_id"`
	Email     *string     `json:"email"`
	Name      *personName `json:"name"`
	AvatarURL *string     `json:"avatar_url"`
	Role      struct {
		Key string `json:"key"`
	} `json:"role"`
	Permissions []string `json:"permissions"`
	ExpiresAt   *string  `json:"expires_at"`
}

func (m *exported) person() *person {
	p := &person{UserID: m.UserID, Role: m.Role.Key, Permissions: m.Permissions}
	for to, from := range map[*string]*string{&p.Email: m.Email, &p.AvatarURL: m.AvatarURL, &p.ExpiresAt: m.ExpiresAt} {
		if from != nil {
			*to = *from
		}
	}
	if m.Email != nil { // without an address there is no entry in the directory
		p.Name = m.Name
	}
	return p
}

func (e *exporting) run(ctx context.Context, stdout io.Writer) error {
	if err := e.authorize(); err != nil {
		return err
	}
	write, flush := e.writer(stdout)
	for cursor := ""; ; {
		var page struct {
			Items []exported `json:"items"`
			Next  *string    `json:"next_cursor"`
		}
		path := "/v1/workspaces/" + e.workspace.String() + "/members?page_size=200&cursor=" + url.QueryEscape(cursor)
		if cursor == "" {
			path = "/v1/workspaces/" + e.workspace.String() + "/members?page_size=200"
		}
		if err := e.call(ctx, http.MethodGet, path, nil, &page); err != nil {
			return err
		}
		for i := range page.Items {
			if err := write(page.Items[i].person()); err != nil {
				return fmt.Errorf("writing the export: %w", err)
			}
		}
		if page.Next == nil {
			return flush()
		}
		cursor = *page.Next
	}
}

func (e *exporting) writer(stdout io.Writer) (write func(*person) error, flush func() error) {
	if e.format == "jsonl" {
		encoder := json.NewEncoder(stdout)
		return func(p *person) error { return encoder.Encode(p) }, func() error { return nil }
	}
	out := csv.NewWriter(stdout)
	_ = out.Write(personColumns) // an error shows at the end
	return func(p *person) error {
			record := make([]string, len(personColumns))
			for i, name := range personColumns {
				record[i] = p.column(name)
			}
			return out.Write(record)
		}, func() error {
			out.Flush()
			return out.Error()
		}
}
