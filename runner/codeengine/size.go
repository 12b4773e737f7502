package codeengine

import (
	"fmt"
	"strconv"
	"strings"
)

// The service's limits (IBM's documentation, 2025-12-12).
const (
	// arrayMost is how many indices a run may have.
	arrayMost = 1000
	// specMost is from which size on what workers are started with goes into a
	// config map: a run may have 10 KiB, its variables included.
	specMost = 6 << 10
	// envMost is the longest variable that Linux takes.
	envMost = 128 << 10
	// quotaVCPU, quotaMemory (GB) and quotaInstances are what a project may use
	// at a time, until it is raised.
	quotaVCPU, quotaMemory, quotaInstances = 128.0, 512.0, 250
)

// combinations lists the amounts of memory, in GB, that go with each vCPU
// (IBM's documentation, 2025-12-12).
func combinations() []combination {
	return []combination{
		{0.125, []float64{0.25, 0.5, 1}}, {0.25, []float64{0.5, 1, 2}}, {0.5, []float64{1, 2, 4}},
		{1, []float64{2, 4, 8}}, {2, []float64{4, 8, 16}}, {4, []float64{8, 16, 32}}, {6, []float64{12, 24, 48}},
		{8, []float64{16, 32}}, {10, []float64{20, 40}}, {12, []float64{24, 48}},
	}
}

type combination struct {
	vcpu   float64
	memory []float64
}

// size is what an instance gets.
type size struct{ vcpu, gb float64 }

// sizeOf checks a combination; memory is in bytes, 0: the least.
func sizeOf(vcpu float64, memory int64) (size, error) {
	if vcpu == 0 {
		vcpu = 1
	}
	var known []string
	for _, c := range combinations() {
		known = append(known, number(c.vcpu))
		if c.vcpu != vcpu {
			continue
		}
		if memory == 0 {
			return size{vcpu, c.memory[0]}, nil
		}
		var gb []string
		for _, m := range c.memory {
			if int64(m*1e9) == memory || int64(m*(1<<30)) == memory {
				return size{vcpu, m}, nil
			}
			gb = append(gb, number(m)+" GB")
		}
		return size{}, fmt.Errorf("code engine has no instances of %s vCPU with %s GB of memory: with that vCPU it has %s",
			number(vcpu), number(float64(memory)/1e9), strings.Join(gb, ", "))
	}
	return size{}, fmt.Errorf("code engine has no instances of %s vCPU: it has %s", number(vcpu), strings.Join(known, ", "))
}

func number(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }

// cpu and mem are the amounts as the service takes them.
func (s size) cpu() string { return number(s.vcpu) }

func (s size) mem() string {
	if s.gb < 1 {
		return number(s.gb*1000) + "M"
	}
	return number(s.gb) + "G"
}

// atOnce is how many instances run at a time under the default quota.
func (s size) atOnce() int {
	return int(min(quotaVCPU/s.vcpu, quotaMemory/s.gb, quotaInstances))
}
