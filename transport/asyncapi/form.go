package asyncapi

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/events/catalogue"
)

// The parts of an AsyncAPI 3.0 document that Muster's has, by the names of the specification:
// https://www.asyncapi.com/docs/reference/specification/v3.0.0
type (
	document struct {
		AsyncAPI           string               `json:"asyncapi"`
		ID                 string               `json:"id"`
		Info               info                 `json:"info"`
		DefaultContentType string               `json:"defaultContentType"`
		Servers            map[string]server    `json:"servers"`
		Channels           map[string]channel   `json:"channels"`
		Operations         map[string]operation `json:"operations"`
		Components         components           `json:"components"`
	}
	info struct {
		Title        string      `json:"title"`
		Version      string      `json:"version"`
		Description  string      `json:"description"`
		Contact      contact     `json:"contact"`
		License      license     `json:"license"`
		Tags         []reference `json:"tags"`
		ExternalDocs external    `json:"externalDocs"`
	}
	contact struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	}
	license struct {
		Name string `json:"name"`
		URL  string `json:"url"`
	}
	tag struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	}
	external struct {
		Description string `json:"description"`
		URL         string `json:"url"`
	}
	server struct {
		Host            string              `json:"host"`
		Protocol        string              `json:"protocol"`
		ProtocolVersion string              `json:"protocolVersion,omitzero"`
		Description     string              `json:"description"`
		Variables       map[string]variable `json:"variables"`
		Security        []reference         `json:"security,omitzero"`
	}
	variable struct {
		Description string   `json:"description"`
		Default     string   `json:"default,omitzero"`
		Enum        []string `json:"enum,omitzero"`
		Examples    []string `json:"examples,omitzero"`
	}
	channel struct {
		Address     *string              `json:"address,omitzero"` // nil: the subscriber says it
		Title       string               `json:"title"`
		Summary     string               `json:"summary"`
		Description string               `json:"description"`
		Servers     []reference          `json:"servers"`
		Parameters  map[string]parameter `json:"parameters,omitzero"`
		Messages    map[string]reference `json:"messages"`
		Tags        []reference          `json:"tags"`
	}
	parameter struct {
		Description string   `json:"description"`
		Enum        []string `json:"enum,omitzero"`
		Examples    []string `json:"examples,omitzero"`
		Location    string   `json:"location,omitzero"`
	}
	operation struct {
		Action      string      `json:"action"`
		Channel     reference   `json:"channel"`
		Title       string      `json:"title"`
		Summary     string      `json:"summary"`
		Description string      `json:"description"`
		Security    []reference `json:"security,omitzero"`
		Tags        []reference `json:"tags"`
		Bindings    any         `json:"bindings,omitzero"`
		Messages    []reference `json:"messages"`
	}
	components struct {
		Schemas         map[string]*catalogue.Schema `json:"schemas"`
		Messages        map[string]message           `json:"messages"`
		SecuritySchemes map[string]scheme            `json:"securitySchemes"`
		Tags            map[string]tag               `json:"tags"`
	}
	message struct {
		Name          string            `json:"name"`
		Title         string            `json:"title"`
		Summary       string            `json:"summary"`
		Description   string            `json:"description,omitzero"`
		ContentType   string            `json:"contentType"`
		Headers       *catalogue.Schema `json:"headers,omitzero"`
		Payload       *catalogue.Schema `json:"payload"`
		CorrelationID *correlation      `json:"correlationId,omitzero"`
		Tags          []reference       `json:"tags"`
		Examples      []example         `json:"examples"`
	}
	correlation struct {
		Description string `json:"description"`
		Location    string `json:"location"`
	}
	example struct {
		Name    string            `json:"name"`
		Summary string            `json:"summary"`
		Headers map[string]string `json:"headers,omitzero"`
		Payload jsontext.Value    `json:"payload"`
	}
	scheme struct {
		Type        string `json:"type"`
		Scheme      string `json:"scheme,omitzero"`
		Name        string `json:"name,omitzero"`
		In          string `json:"in,omitzero"`
		Description string `json:"description"`
	}
	reference struct {
		Ref string `json:"$ref"`
	}
)
