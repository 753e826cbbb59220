package projections

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// doneErasure is a profile that is erased from the results of commands. The same command with the
// same idempotency key then has a result that says what it did, but not about whom.
type doneErasure struct {
	organization  int64 // the key of its row
	user          domain.UserID
	since, before int64 // the keys of the person's row and of the event that erases: no other results have the profile
	erasure       domain.Erasure
}

// doneRow is the result of a command: a row of the table done.
type doneRow struct {
	key, organization int64
	after             []byte
}

// eraseDone erases a profile from the results that the table has. It reads those of the
// organization's commands since the person was first mentioned.
func (p *projector) eraseDone(d doneErasure) error {
	rows, err := p.doneRows(`SELECT key, organization, after FROM done WHERE organization = +?1 AND key >= +?2 AND instr(after, ?3) > 0`,
		d.organization, d.since, []byte(d.user.String()))
	if err != nil {
		return err
	}
	return p.eraseRows(rows, func(*doneRow, *domain.Profile) []doneErasure { return []doneErasure{d} })
}

// eraseAllDone erases all profiles that were noted, and reads the table once for all of them.
func (p *projector) eraseAllDone() error {
	erasures := make(map[personName][]doneErasure)
	for _, d := range p.toErase {
		name := personName{d.organization, d.user}
		erasures[name] = append(erasures[name], d)
	}
	for last := int64(-1); ; {
		const chunk = 1000
		rows, err := p.doneRows(`SELECT key, organization, after FROM done WHERE key > +?1 ORDER BY key LIMIT +?2`, last, chunk)
		if err != nil {
			return err
		}
		if err := p.eraseRows(rows, func(row *doneRow, of *domain.Profile) []doneErasure {
			return erasures[personName{row.organization, of.User}]
		}); err != nil {
			return err
		}
		if len(rows) < chunk {
			p.toErase = nil
			return nil
		}
		last = rows[chunk-1].key
	}
}

func (p *projector) doneRows(text string, args ...any) (rows []doneRow, err error) {
	var row doneRow
	err = p.Each(context.Background(), []any{sqlite.Number(&row.key), sqlite.Number(&row.organization), &row.after}, func() {
		rows = append(rows, doneRow{row.key, row.organization, append([]byte(nil), row.after...)})
	}, text, args...)
	return rows, err
}

// eraseRows changes the rows that have a profile which one of its erasures concerns.
func (p *projector) eraseRows(rows []doneRow, of func(*doneRow, *domain.Profile) []doneErasure) error {
	for i := range rows {
		row := &rows[i]
		after, changed, err := withoutProfiles(row.after, func(profile *domain.Profile) (erased bool) {
			for _, d := range of(row, profile) {
				if profile.User == d.user && row.key < d.before {
					// As it is if the key was destroyed before the profile was applied.
					*profile = domain.Profile{Organization: profile.Organization, User: profile.User, Key: profile.Key, Erasure: d.erasure}
					erased = true
				}
			}
			return erased
		})
		if err == nil && changed {
			_, err = p.Exec(`UPDATE done SET after = ?2 WHERE key = ?1`, row.key, after)
		}
		if err != nil {
			return fmt.Errorf("erasing a profile from the result of a command: %w", err)
		}
	}
	return nil
}

// withoutProfiles returns encoded parts ([encodeParts]) in which erase has erased profiles. It
// reports whether there were any.
func withoutProfiles(after []byte, erase func(*domain.Profile) bool) (_ []byte, changed bool, err error) {
	var lists map[string]jsontext.Value
	if err := json.Unmarshal(after, &lists); err != nil {
		return nil, false, err
	}
	name := parts[domain.KeyProfile].name
	var profiles []*domain.Profile
	if list, ok := lists[name]; !ok {
		return after, false, nil
	} else if err := json.Unmarshal(list, &profiles); err != nil {
		return nil, false, err
	}
	for _, p := range profiles {
		changed = erase(p) || changed
	}
	if !changed {
		return after, false, nil
	}
	if lists[name], err = json.Marshal(profiles, json.Deterministic(true), noneIsNull); err != nil {
		return nil, false, err
	}
	return encodeLists(func(kind int) jsontext.Value { return lists[parts[kind].name] }), true, nil
}
