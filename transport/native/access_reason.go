package native

import (
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

// IncludeQuery is the parameter of lists of access that can also say why.
type IncludeQuery struct {
	Include string `query:"include" enum:"reasons" doc:"reasons: also say of each grant who made its event, when and why. That reads the events, so a page takes longer."`
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
