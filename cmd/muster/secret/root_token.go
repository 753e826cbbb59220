package secret

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-dev/muster/events/store"
)

// RootFile is the name of the file in the data directory that holds the root token.
const RootFile = "root-token"

// Private is the mode of a file that holds a secret: only its owner can read it.
const Private fs.FileMode = 0o600

const (
	rootVariable = "MUSTER_ROOT_TOKEN"
	minRoot      = 20 // characters
)

// Root returns the token that may do everything: that of the environment variable
// MUSTER_ROOT_TOKEN, or the one in the data directory. If there is neither, it makes
// one and keeps it in the directory.
func Root(dir string, logger *slog.Logger) (string, error) {
	if token := os.Getenv(rootVariable); token != "" {
		if len(token) < minRoot || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
			return "", fmt.Errorf("%s: at least %d characters of ASCII without spaces are expected, for example the output of: openssl rand -hex 32",
				rootVariable, minRoot)
		}
		return token, nil
	}
	token, err := ReadRoot(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return token, err
	}
	token = "root_" + rand.Text() + rand.Text()
	path := filepath.Join(dir, RootFile)
	if err := store.WriteFile(path, []byte(token+"\n"), Private); err != nil {
		return "", fmt.Errorf("storing the root token: %w", err)
	}
	logger.Info("made the root token, which is allowed to do everything", slog.String("file", path))
	return token, nil
}

// ReadRoot returns the root token that the data directory keeps. The error is
// [fs.ErrNotExist] if it keeps none.
func ReadRoot(dir string) (string, error) {
	path := filepath.Join(dir, RootFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	token := strings.Trim(string(text), "\x00 \r\n\t")
	if token == "" { // a power cut has left nothing of the content
		return "", fmt.Errorf("%s is empty: %w", path, fs.ErrNotExist)
	}
	if len(token) < minRoot {
		return "", fmt.Errorf("%s is damaged: delete it, and the next start makes another one", path)
	}
	return token, nil
}
