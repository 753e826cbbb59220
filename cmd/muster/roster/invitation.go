package roster

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
)

// invited is an invited person with the secret to accept with. Muster shows the secret
// only once.
type invited struct {
	Line      int    `json:"line"`
	Email     string `json:"email"`
	UserID    string `json:"user_id"`
	Token     string `json:"token"`
	Link      string `json:"link,omitempty"`
	ExpiresAt string `json:"expires_at"`
}

// linkToken is the placeholder for the token in --invitation-link.
const linkToken = "{token}"

// checkLink checks --invitation-link.
func checkLink(text string) error {
	link, err := url.Parse(strings.ReplaceAll(text, linkToken, "token"))
	if err != nil || link.Scheme == "" || link.Host == "" || !strings.Contains(text, linkToken) {
		return errors.New("an address with {token} in it is expected, like https://app.example.com/join?token={token}")
	}
	return nil
}

// invitedOf returns the invited person of a result.
func (i *importing) invitedOf(p *person, r *client.OperationResult) invited {
	out := invited{
		Line: p.first, Email: terminal.OrEmpty(r.Membership.Email), UserID: r.Membership.User.String(),
		Token: r.Invitation.Token, ExpiresAt: terminal.ShowTime(time.Time(r.Invitation.ExpiresAt)),
	}
	if i.link != "" {
		out.Link = strings.ReplaceAll(i.link, linkToken, url.QueryEscape(out.Token))
	}
	return out
}

// invitations is where invited people and their secrets go. The zero value drops them.
type invitations struct {
	kept *[]invited // for the report
	file *os.File
	csv  *csv.Writer
	used bool // the file has more than its header
}

// inReport is the name with which --invitations puts them into the report.
const inReport = "-"

// openInvitations makes the file, which must not exist, so that no earlier secrets are
// lost. Only its owner can read it.
func openInvitations(name string) (*invitations, error) {
	switch name {
	case "":
		return &invitations{}, nil
	case inReport:
		return &invitations{kept: &[]invited{}}, nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("--invitations %s: the file already exists, and may contain secrets that are shown only once: name another one", name)
	}
	if err != nil {
		return nil, fmt.Errorf("--invitations: %w", err)
	}
	out := &invitations{file: f, csv: csv.NewWriter(f)}
	if err := out.begin(name); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return out, nil
}

// begin writes the header of the file.
func (w *invitations) begin(name string) error {
	if err := w.rows([]string{"line", "email", "user_id", "token", "link", "expires_at"}); err != nil {
		return fmt.Errorf("--invitations %s: the names of the columns cannot be written: %w", name, err)
	}
	return nil
}

// write writes the people to the disk before it returns.
func (w *invitations) write(people []invited) error {
	if w.kept != nil {
		*w.kept = append(*w.kept, people...)
	}
	if w.file == nil || len(people) == 0 {
		return nil
	}
	rows := make([][]string, len(people))
	for n, p := range people {
		rows[n] = []string{fmt.Sprint(p.Line), terminal.Cell(p.Email), p.UserID, p.Token, p.Link, p.ExpiresAt}
	}
	w.used = true
	if err := w.rows(rows...); err != nil {
		return fmt.Errorf("these lines were imported, but not all of their invitations were written: %w", err)
	}
	return nil
}

// rows writes rows to the disk before it returns.
func (w *invitations) rows(rows ...[]string) error {
	if err := w.csv.WriteAll(rows); err != nil { // flushes
		return err
	}
	return w.file.Sync()
}

// Close closes the file. A file without invitations is removed, so that the next run can
// make it.
func (w *invitations) Close() error {
	if w.file == nil {
		return nil
	}
	err := w.file.Close()
	if !w.used {
		err = errors.Join(err, os.Remove(w.file.Name()))
	}
	return err
}
