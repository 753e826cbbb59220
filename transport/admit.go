package transport

import (
	"maps"
	"mime"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
)

// noStore is the Cache-Control value of every answer to a request with a token. It is
// shared to save an allocation.
var noStore = []string{"no-store"}

// admit checks the request against the declaration of its operation. The order of the
// checks decides which problem a client sees first: the token, its rate, its scope and
// reach, the names of the parameters, the media type of the body. Values of parameters
// come after them, and after a body that cannot be read.
func (c *Call) admit() error {
	if c.route.reach == ReachPublic {
		if c.Operation().RequestBody == nil {
			return nil
		}
		c.w.Header()["Cache-Control"] = noStore
	} else if err := c.admitToken(); err != nil {
		return err
	}
	query := queryOf(c.r)
	if err := checkNames(query, c.route.parameters); err != nil {
		return err
	}
	wrong := checkValues(c.r, query, c.route.parameters)
	if c.Operation().RequestBody == nil {
		return wrong
	}
	c.wrong = wrong // told once the body has arrived
	return c.checkMediaType()
}

func (c *Call) admitToken() error {
	c.w.Header()["Cache-Control"] = noStore
	who, err := c.engine.auth.Authenticate(c, c.route.face.authorization(c.Header("Authorization")))
	if err != nil {
		return err
	}
	c.bearer = who
	allowance, err := c.engine.rates.Admit(who.Identity, c.Now())
	writeAllowance(c.w.Header(), allowance)
	if err != nil {
		return err
	}
	switch scope := c.route.scope; {
	case scope == RootScope && !who.IsRoot():
		return insufficientScope.Problem("only the root token may do this")
	case scope != RootScope && scope != AnyScope && !who.Allows(scope):
		return LacksScope(scope, "")
	}
	if err := c.route.reach.check(who.Workspace()); err != nil {
		return err
	}
	// A token whose user is suspended may still ask what it is.
	if c.route.reads && c.route.scope != AnyScope {
		return c.engine.auth.MayRead(who)
	}
	return nil
}

// LacksScope returns the problem of a token that does not have the scope. The parameter
// what ends the detail, for example " for an operation of the batch". It is empty if the
// whole operation needs the scope.
func LacksScope(scope domain.Scope, what string) *Problem {
	return insufficientScope.Problem("the token needs the scope " + string(scope) + what)
}

// Reauthorize checks whether the token is still accepted and may still read. Since the
// [Call] was admitted it may have expired or been revoked, or its user may have been
// suspended. A handler that waits before it sends something must call it after the wait.
func (c *Call) Reauthorize() error {
	who, err := c.engine.auth.Authenticate(c, c.route.face.authorization(c.Header("Authorization")))
	if err != nil {
		return err
	}
	return c.engine.auth.MayRead(who)
}

func (c *Call) checkMediaType() error {
	body := c.Operation().RequestBody
	if body == nil {
		return nil
	}
	sent := c.r.Header.Get("Content-Type")
	c.json = true
	if sent == "" || body.Content[sent] != nil {
		return nil
	}
	if media, _, err := mime.ParseMediaType(sent); err == nil && takes(body, media) {
		return nil
	}
	c.json = false
	if body.Content[mergePatchType] != nil {
		return mediaType.Problem("Content-Type: application/merge-patch+json or application/json is expected").
			with("Accept-Patch", "application/merge-patch+json, application/json")
	}
	return mediaType.Problem("Content-Type: " + strings.Join(slices.Sorted(maps.Keys(body.Content)), " or ") + " is expected")
}

const mergePatchType = "application/merge-patch+json"

// takes reports whether the operation takes a body of the media type, either by its full
// name or by the suffix +json.
func takes(body *huma.RequestBody, media string) bool {
	if body.Content[media] != nil {
		return true
	}
	subtype, ok := strings.CutPrefix(media, "application/")
	return ok && strings.HasSuffix(subtype, "+json") && body.Content["application/*+json"] != nil
}
