package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var staticFiles embed.FS

// assets are the files of static/ under names that hold their hash, so that
// they may be kept for ever.
type assets struct {
	base   string            // of the pages
	named  map[string]string // file name → address
	served map[string]asset  // hashed name → content
	logo   string            // address of the brand's; empty: it has none
}

type asset struct {
	kind string
	body []byte
}

var assetKinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".png": "image/png",
}

func newAssets(b Brand, base string) (assets, error) {
	as := assets{base: base, named: map[string]string{}, served: map[string]asset{}}
	files, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return as, err
	}
	for _, f := range files {
		body, err := staticFiles.ReadFile("static/" + f.Name())
		if err != nil {
			return as, err
		}
		ext := path.Ext(f.Name())
		kind, ok := assetKinds[ext]
		if !ok {
			return as, fmt.Errorf("web: no content type for static/%s", f.Name())
		}
		if f.Name() == "nidan.css" {
			if body, err = accented(body, b.Accent); err != nil {
				return as, err
			}
		}
		as.add(f.Name(), asset{kind, body})
	}
	if len(b.Logo) > 0 {
		ext, err := logoKind(b.Logo)
		if err != nil {
			return as, fmt.Errorf("web: the logo %w", err)
		}
		as.add("logo"+ext, asset{assetKinds[ext], b.Logo})
		as.logo = as.named["logo"+ext]
	}
	return as, nil
}

func (as assets) add(file string, a asset) {
	ext := path.Ext(file)
	sum := sha256.Sum256(a.body)
	name := strings.TrimSuffix(file, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	as.named[file], as.served[name] = as.base+"/static/"+name, a
}

// url is where a file is served.
func (as assets) url(name string) (string, error) {
	u, ok := as.named[name]
	if !ok {
		return "", fmt.Errorf("web: there is no static/%s", name)
	}
	return u, nil
}

// static serves what never changes under its name.
func static(v *visit) error {
	a, ok := v.p.assets.served[v.r.PathValue("file")]
	if !ok {
		return &fault{status: http.StatusNotFound}
	}
	h := v.w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Del("Vary")
	_, _ = v.w.Write(a.body) // whoever asked has gone
	return nil
}
