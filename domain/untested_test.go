package domain

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestNothingIsUntested reads the package's source. Every error, every code of an invalid
// field, every command and every event must appear in a row.
func TestNothingIsUntested(t *testing.T) {
	reached := map[string]bool{}
	for _, rows := range tables {
		for _, r := range rows {
			reached["command "+r.when.CommandType()] = true
			for _, e := range r.then {
				reached["event "+e.EventType()] = true
			}
			var invalid *InvalidError
			switch {
			case errors.As(r.err, &invalid):
				reached["code "+invalid.Code] = true
			case r.err != nil:
				for err := r.err; err != nil; err = errors.Unwrap(err) {
					reached["error "+err.Error()] = true
				}
			}
		}
	}
	promised := promises(t)
	for what := range promised {
		if !reached[what] {
			t.Errorf("no row reaches %s", what)
		}
	}
	if len(promised) < 90 {
		t.Errorf("only %d things were found in the package's text: does the test still read it right?", len(promised))
	}
}

// noRules are errors that no command is refused with. TestReplay reaches them.
var noRules = []string{"ErrNotRecorded"}

// promises finds in the package's source what the tables must reach.
func promises(t *testing.T) map[string]bool {
	found := map[string]bool{}
	text := func(e ast.Expr) string {
		lit, _ := e.(*ast.BasicLit)
		if lit == nil {
			return ""
		}
		s, err := strconv.Unquote(lit.Value)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	names, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec: // ErrX = errors.New("…")
				if call, ok := first(n.Values).(*ast.CallExpr); ok && strings.HasPrefix(n.Names[0].Name, "Err") && !slices.Contains(noRules, n.Names[0].Name) {
					found["error "+text(call.Args[0])] = true
				}
			case *ast.CompositeLit: // InvalidError{pointer, "code", …}
				if typ, ok := n.Type.(*ast.Ident); ok && typ.Name == "InvalidError" {
					code := n.Elts[1]
					if kv, ok := code.(*ast.KeyValueExpr); ok {
						code = kv.Value
					}
					found["code "+text(code)] = true
				}
			case *ast.FuncDecl: // func (X) EventType() string { return "…" }
				kind := map[string]string{"CommandType": "command ", "EventType": "event "}[n.Name.Name]
				if kind != "" {
					found[kind+text(n.Body.List[0].(*ast.ReturnStmt).Results[0])] = true
				}
			}
			return true
		})
	}
	return found
}

func first(exprs []ast.Expr) ast.Expr {
	if len(exprs) == 0 {
		return nil
	}
	return exprs[0]
}
