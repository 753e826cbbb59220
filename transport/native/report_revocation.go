package native

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

const (
	revocationsKind = "revocations"
	// usualWithin is within when access must have ended by default.
	usualWithin = "24h"
	// longestWithin is the longest such time.
	longestWithin = 366 * 24 * time.Hour
)

// revocationOperations returns the operations of the report that asks for a file. A file is too
// long for a URL, so they take it as a body.
func revocationOperations() []transport.Operation {
	const path = "/v1/organizations/{organization}/reports/" + revocationsKind
	const tag = "Reports"
	return []transport.Operation{
		{
			ID: "report-revocations", Method: http.MethodPost, Path: path,
			Reach: transport.ReachOrganization, Scope: "audit:read", Tag: tag, Errors: []int{http.StatusNotFound},
			Summary: "Report when the access of leavers ended",
			Description: "For everybody in a file of leavers, when each of their accesses ended (the role in the organization, memberships, invitations), by whom and by which event, and whether that was within the limit, late or has not happened yet. " +
				"Nobody in the file is left out: who is unknown or is named twice has a row that says so. " +
				"If a line is wrong, there is no report. It changes nothing, and comes like the other reports; its manifest has a path of its own that takes the same body.",
			Document: documentReport,
			Do:       transport.Ask(reportRevocations),
		},
		{
			ID: "report-revocations-manifest", Method: http.MethodPost, Path: path + "/manifest",
			Reach: transport.ReachOrganization, Scope: "audit:read", Tag: tag, Errors: []int{http.StatusNotFound},
			Summary:     "Get the signed manifest of a report about leavers",
			Description: "What the report with the same parameters and the same body is, like the manifests of other reports, and how many leavers the file has and its SHA-256.",
			Document:    documentManifest,
			Do:          transport.Ask(reportRevocationsManifest),
		},
	}
}

type leaversBody struct {
	Leavers string `json:"leavers" bounds:"leavers" minLength:"1" doc:"The file as it is. It is CSV with a header or JSON Lines, with left_at and either user_id or email in each line. left_at is a time or a day, which is its beginning in UTC. At most 10,000 leavers." example:"email,left_at\nada@acme.example,2026-03-05T17:00:00Z\n"`
}

func (b *leaversBody) Required() []transport.Required {
	return []transport.Required{transport.Require("/leavers", b.Leavers != "")}
}

type revocationsInput struct {
	OrganizationPath
	transport.ReadHeaders
	Format string `query:"format" enum:"csv,jsonl,html" doc:"How it is written; the default is what Accept prefers, or CSV."`
	AsOf   string `query:"as_of" bounds:"as_of" maxLength:"100" doc:"The moment up to which the report looks: a position of the organization, a time or a day. The default is now." example:"3-1042"`
	Within string `query:"within" maxLength:"20" pattern:"^([0-9]+(\\.[0-9]+)?[hms])+$" doc:"Within which time after they left all access must have ended, at most 8784h. The default is 24h." example:"24h"`
	transport.JSONBody[leaversBody]
}

// manifestLeavers says which file of leavers a report is about.
type manifestLeavers struct {
	Count  int    `json:"count"`
	SHA256 string `json:"sha256"` // of the file
}

// prepare checks the request and returns its report. It reads no row.
func (in *revocationsInput) prepare(c *transport.Call) (*report, error) {
	if err := c.FindOrganization(in.Organization); err != nil {
		return nil, err
	}
	text := in.Within
	if text == "" {
		text = usualWithin
	}
	within, err := time.ParseDuration(text)
	if err != nil || within < 0 || within > longestWithin {
		return nil, transport.InvalidField("query.within", transport.CodeInvalidValue, "a time like 24h or 90m is expected, at most 8784h")
	}
	leavers, err := readLeavers(in.Sent().Leavers)
	if err != nil {
		return nil, err
	}
	in.Format = reportFormat(c, in.Format)
	if err := c.AwaitShown(in.Organization); err != nil {
		return nil, err
	}
	at, err := c.Moment(in.Organization, "query.as_of", in.AsOf)
	if err != nil {
		return nil, err
	}
	q, err := c.QueriesAt(in.Organization, at)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(in.Sent().Leavers))
	r := &report{
		title: "When the access of leavers ended", at: at,
		query:   url.Values{"as_of": {transport.MomentText(at)}, "within": {text}, "format": {in.Format}},
		leavers: &manifestLeavers{len(leavers), hex.EncodeToString(sum[:])},
		columns: []string{
			"line", "leaver", "left_at", "due_at", "user_id", "email", "name", "access", "workspace_id", "workspace", "role",
			"since", "ended_at", "status", "change", "event_id", "position", "by", "on_behalf_of", "reason", "same_as_line",
		},
	}
	r.each = func(yield func(...string) error) error {
		e := evidence{
			c: c, organization: in.Organization, at: at, q: q, within: within, yield: yield,
			names: workspaceNames{q, map[domain.WorkspaceID]string{}}, people: make(map[domain.UserID][]leaver), nobody: make(map[string]int),
		}
		for i := range leavers {
			if err := e.of(leavers[i]); err != nil {
				return err
			}
		}
		return nil
	}
	return r, nil
}

func reportRevocations(c *transport.Call, in *revocationsInput) (*Raw, error) {
	r, err := in.prepare(c)
	if err != nil {
		return nil, err
	}
	return r.send(c, in.Organization, revocationsKind, in.Format), nil
}

func reportRevocationsManifest(c *transport.Call, in *revocationsInput) (*Raw, error) {
	r, err := in.prepare(c)
	if err != nil {
		return nil, err
	}
	return r.manifest(c, in.Organization, revocationsKind, in.Format)
}

// What became of an access of a leaver.
const (
	statusBefore    = "before"    // it had ended when they left
	statusWithin    = "within"    // it ended within the limit
	statusLate      = "late"      // it ended later
	statusOpen      = "open"      // it has not ended although the limit is over
	statusPending   = "pending"   // it has not ended, and the limit is not over
	statusNone      = "none"      // they never had any access
	statusUnknown   = "unknown"   // the organization does not know them
	statusDuplicate = "duplicate" // an earlier line says the same
)

// evidence writes the rows of leavers.
type evidence struct {
	c            *transport.Call
	organization domain.OrganizationID
	at           projections.Moment
	q            *projections.Queries
	within       time.Duration
	yield        func(...string) error
	names        workspaceNames
	people       map[domain.UserID][]leaver // who had rows already
	nobody       map[string]int             // the lines of unknown people
	event        *EventInBrief              // the last that was read: one event often ends much
}

// of writes the rows of one leaver.
func (e *evidence) of(l leaver) error {
	users := []domain.UserID{l.user}
	if l.user.IsZero() {
		var err error
		if users, err = e.c.Models().WhoHadEmail(e.c, e.at.Position, e.organization, l.email, func() (uint64, error) {
			return e.c.Log().NumberAt(e.c, e.at.Position.Partition, l.left.Add(time.Millisecond))
		}); err != nil {
			return err
		}
	}
	unknown := true
	for _, user := range users {
		periods, err := e.c.Models().AccessPeriods(e.c, e.at, e.organization, user)
		if errors.Is(err, projections.ErrNotFound) {
			continue
		}
		if err == nil {
			err = e.person(l, user, periods)
		}
		if err != nil {
			return err
		}
		unknown = false
	}
	if !unknown {
		return nil
	}
	row := e.row(l)
	key := l.user.String() + domain.FoldEmail(l.email)
	if row.status = statusUnknown; e.nobody[key] > 0 {
		row.status, row.same = statusDuplicate, e.nobody[key]
	} else {
		e.nobody[key] = l.line
	}
	return row.write(e)
}

// person writes the rows of a leaver who is known.
func (e *evidence) person(l leaver, user domain.UserID, periods []projections.AccessPeriod) error {
	row := e.row(l)
	row.user = user
	switch profile, err := e.q.User(e.organization, user); {
	case err == nil:
		row.email, row.name = cellProfile(&profile)
	case !errors.Is(err, projections.ErrNotFound):
		return err
	}
	for _, earlier := range e.people[user] {
		if row.same == 0 {
			row.same = earlier.line
		}
		if earlier.left.Equal(l.left) {
			row.status, row.same = statusDuplicate, earlier.line
			return row.write(e)
		}
	}
	e.people[user] = append(e.people[user], l)
	if len(periods) == 0 {
		row.status = statusNone
		return row.write(e)
	}
	for i := range periods {
		p := &periods[i]
		// What ended before they left is evidence only if nothing of that access came later.
		if last := i+1 == len(periods) || periods[i+1].Workspace != p.Workspace; p.Ended() && !p.Until.Time.After(l.left) && !last {
			continue
		}
		if err := row.of(e, p); err != nil {
			return err
		}
		if err := row.write(e); err != nil {
			return err
		}
	}
	return nil
}

// revocationRow is a row of the report.
type revocationRow struct {
	leaver
	due                            time.Time
	user                           domain.UserID
	email, name                    string
	access, workspace, title, role string
	since, ended                   time.Time
	status                         string
	event                          *EventInBrief
	same                           int // the line that names the same person; 0: none does
}

func (e *evidence) row(l leaver) revocationRow {
	return revocationRow{leaver: l, due: l.left.Add(e.within)}
}

// of fills in what became of one period of access.
func (r *revocationRow) of(e *evidence, p *projections.AccessPeriod) (err error) {
	r.access, r.workspace, r.title, r.role, r.since, r.ended, r.event = "organization", "", "", p.Role, p.Since.Time, p.Until.Time, nil
	if !p.Workspace.IsZero() {
		r.access, r.workspace = "membership", p.Workspace.String()
		if p.Invited {
			r.access = "invitation"
		}
		if r.title, err = e.names.of(p.Workspace); err != nil {
			return err
		}
	}
	switch {
	case !p.Ended() && r.due.After(e.at.Time):
		r.status = statusPending
	case !p.Ended():
		r.status = statusOpen
	case !p.Until.Time.After(r.left):
		r.status = statusBefore
	case !p.Until.Time.After(r.due):
		r.status = statusWithin
	default:
		r.status = statusLate
	}
	if p.Until.Number == 0 {
		return nil
	}
	at := wire.Position{Partition: e.at.Position.Partition, Number: p.Until.Number}
	if e.event == nil || e.event.Position != at.String() {
		if e.event, _, err = eventAt(e.c, e.organization, at.Number); err != nil {
			return err
		}
	}
	r.event = e.event
	return nil
}

func (r *revocationRow) write(e *evidence) error {
	cells := []string{
		strconv.Itoa(r.line), r.said(), cellTime(r.left), cellTime(r.due), orEmpty(r.user), r.email, r.name, r.access, r.workspace, r.title, r.role,
		cellTime(r.since), cellTime(r.ended), r.status, "", "", "", "", "", "", "",
	}
	switch ev := r.event; {
	case ev != nil:
		copy(cells[14:], []string{cellChange(ev.Type), ev.ID.String(), ev.Position, ev.AuthID, orEmpty(pointed(ev.OnBehalfOf)), pointed(ev.Reason)})
	case !r.ended.IsZero(): // by the clock, and no event has recorded it yet
		copy(cells[14:], []string{cellChange(domain.MemberExpired{}.EventType()), "", "", "muster"})
	}
	if r.same > 0 {
		cells[20] = strconv.Itoa(r.same)
	}
	return e.yield(cells...)
}
