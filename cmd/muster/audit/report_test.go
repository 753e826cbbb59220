package audit

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A report is kept with the manifest of its own bytes, or not at all: a decision of a review, or an
// erasure, may come before the manifest is asked for.
func TestSaveReport(t *testing.T) {
	t.Parallel()
	const report = "user_id,decision\nu,kept\n"
	const sum = "f52c5a6b8ae5b5bd8e3fd1a3a0bbac0f4b6d2a5a3d4a6f3d1c7a0c1a6d3f3b11"
	for says, refusal := range map[string]string{
		`{"report":"access-review","sha256":"SUM"}` + "\n\n— muster/report AAAA\n":         "",
		`{"report":"access-review","sha256":"` + sum + `"}` + "\n\n— muster/report AAAA\n": "has changed before its manifest was made",
		"\n\n— muster/report AAAA\n": "the manifest: ",
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "report.csv")
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			if strings.HasSuffix(q.URL.Path, "/manifest") {
				got, err := sumOf(path)
				if err != nil {
					t.Error(err)
				}
				_, _ = io.WriteString(w, strings.ReplaceAll(says, "SUM", got))
				return
			}
			w.Header().Set("Link", fmt.Sprintf(`<%s/manifest?as_of=0-7>; rel="describedby"`, q.URL.Path))
			_, _ = io.WriteString(w, report)
		}))
		r := &reporting{format: "csv", out: path}
		r.logger, r.service.URL, r.service.Token = slog.New(slog.DiscardHandler), service.URL, "token"
		err := r.save(t.Context(), "access-review")
		service.Close()
		files, _ := filepath.Glob(filepath.Join(dir, "*"))
		if refusal == "" {
			if text, _ := os.ReadFile(path); err != nil || string(text) != report || len(files) != 2 {
				t.Errorf("%v, with the files %v", err, files)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), refusal) || len(files) > 0 {
			t.Errorf("manifest %s: %v, want %q, and no files: there are %v", says, err, refusal, files)
		}
	}
}
