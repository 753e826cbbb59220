package catalogue

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/events/wire"
)

// PingType is the type of the event that tries the endpoint of a webhook. It is in no log and
// no feed, so it is not among [Types].
const PingType = "muster.subscription.ping"

const pingTitle = "SubscriptionPing"

// PingSchema returns the URI that names the schema of the ping's data.
func PingSchema() string { return wire.DataSchema(PingType, 1) }

// pingAttributes are the attributes of a ping. It has no position, because it is not in the
// log, and nobody has done anything.
var pingAttributes = []string{"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "organizationid", "data"}

// Ping returns the schema of the ping as a whole, with an example.
func Ping() (*Schema, error) {
	s := &Schema{
		Title:       pingTitle,
		Description: "Tries the endpoint of a webhook. It is in no log and has no sequence.",
		Type:        "object",
		Required:    pingAttributes,
	}
	for _, a := range Attributes() {
		for _, name := range pingAttributes {
			if a.Name != name {
				continue
			}
			value := *a.Schema
			value.Description = a.Text
			switch name {
			case "type":
				value = Schema{Type: "string", Const: PingType}
			case "data":
				value = *pingData()
			}
			s.Properties = append(s.Properties, Property{name, &value})
		}
	}
	example, err := json.Marshal(struct {
		SpecVersion     string         `json:"specversion"`
		ID              string         `json:"id"`
		Source          string         `json:"source"`
		Type            string         `json:"type"`
		Subject         string         `json:"subject"`
		Time            string         `json:"time"`
		DataContentType string         `json:"datacontenttype"`
		DataSchema      string         `json:"dataschema"`
		OrganizationID  string         `json:"organizationid"`
		Data            jsontext.Value `json:"data"`
	}{
		"1.0", "01M81M0A5R6X8Q2V4Y7Z9B1D3F", "/organizations/" + acme.Organization.String(), PingType, "subscriptions/" + hook.String(),
		"2026-11-22T12:34:56.789Z", "application/json", PingSchema(), acme.Organization.String(), pingExample,
	})
	s.Examples = []any{jsontext.Value(example)}
	return s, err
}

var pingExample = jsontext.Value(`{"subscription_id":"` + hook.String() + `"}`)

// pingData returns the schema of the ping's data.
func pingData() *Schema {
	return &Schema{
		Title: pingTitle + "Data", Description: "Tries the endpoint of a webhook.",
		Type: "object", Required: []string{"subscription_id"},
		Properties: Properties{{"subscription_id", &Schema{Type: "string", Format: "uuid", Description: "The subscription."}}},
		Examples:   []any{pingExample},
	}
}
