package native

import (
	"strings"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

// IncludeQuery is the parameter of lists of access that can also say why.
type IncludeQuery struct {
	Include string `query:"include" enum:"reasons" doc:"reasons: also say of each grant who made its event, when and why. That reads the events, so a page takes longer."`
}

// keepsReasons begins the cursors of lists that say why. The cursors of the read models are
// Base64 of a JSON object, so none of them begins like that.
const keepsReasons = "r_"

// resume takes the parameter out of the cursor of the page before, which keeps it.
func (q *IncludeQuery) resume(cursor *string) {
	if rest, kept := strings.CutPrefix(*cursor, keepsReasons); kept {
		*cursor, q.Include = rest, "reasons"
	}
}

// keep puts the parameter into the cursor of the next page.
func (q *IncludeQuery) keep(next *projections.Cursor) {
	if q.Include != "" && *next != "" {
		*next = keepsReasons + *next
	}
}

// origins are who made the events of grants, by the events' numbers in their partition.
type origins map[uint64]*GrantOrigin

// originsOf reads the events of the grants of all rows, each once.
func originsOf[Row any](c *transport.Call, org domain.OrganizationID, rows []Row, grants func(*Row) []projections.Grant) (origins, error) {
	o := make(origins)
	for i := range rows {
		if err := o.read(c, org, grants(&rows[i])); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// read reads the events of the grants that are not there yet.
func (o origins) read(c *transport.Call, org domain.OrganizationID, grants []projections.Grant) error {
	for i := range grants {
		number := grants[i].Position.Number
		if o[number] != nil {
			continue
		}
		event, _, err := eventAt(c, org, number)
		if err != nil {
			return err
		}
		o[number] = &GrantOrigin{event.GrantedBy, event.Reason, event.Time}
	}
	return nil
}

// add adds the origins to the shown form of the grants.
func (o origins) add(shown []Grant, grants []projections.Grant) {
	for i := range grants {
		shown[i].Origin = o[grants[i].Position.Number]
	}
}
