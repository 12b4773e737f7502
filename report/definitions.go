package report

// definition says what a figure means, exactly.
type definition struct{ Term, Text string }

// definitions lists the figures of reports.
func definitions() []definition {
	return []definition{
		{"core", "One virtual processor (vCPU). A worker that is held to less than one counts as one scaled core. N is the number of workers."},
		{"makespan", "T: the time from the job's submission to the moment at which the last task is settled."},
		{"speedup", "S = T of the base / T, by medians. The base is named beside it: serial (the workload in a plain loop, without a runner) or one worker of the same backend."},
		{"efficiency", "S / N."},
		{"start-up", "For each worker that ran a task: its first task's start less the job's submission."},
		{"core time", "Cores x makespan: what the job had at its disposal. It is cut without gap or overlap into busy time and the five parts of overhead, which add up to it exactly."},
		{"busy", "The time in functions of accepted attempts, one for each task."},
		{"overhead", "Core time less busy time. Per task: overhead / tasks, start-up included. Of a point with several trials it is shown, with its parts, of the trial with the (lower) median makespan, so that they add up; corecast compare and benchstat take medians over all trials."},
		{"start-up (part)", "From the submission, or the loss of a predecessor, to a worker that is ready."},
		{"dispatch (part)", "A ready worker waits for its next attempt and nothing is being sent to or from it."},
		{"transfer (part)", "A worker receives tasks or sends results while no function runs."},
		{"idle", "A worker's slot after its last attempt, or from ready on when it never got a task."},
		{"lost", "Attempts that were not accepted: failed, beaten by a copy, or gone with their worker."},
		{"dispatch", "Wall time / tasks, of tasks that do nothing, on the same pool when it is ready."},
		{"METG(50 %)", "The smallest mean task time at which efficiency is still 50 %, by linear interpolation between the times that bracket it (Task Bench, SC'20)."},
		{"cost", "Billed seconds x (vCPU x price + memory x price) over workers, plus requests, in USD, by the price list named."},
		{"[low, high]", "An interval that holds the median with the confidence asked for, by order statistics; nothing is assumed of the distribution. With few trials it is their range, and a warning says what it is worth."},
		{"kinds", "Measured: on the real thing. Scaled: on cores held to less than one vCPU. Emulated: against corecast's own emulator. Simulated: by its simulator. Extrapolated: by a fitted law."},
		{"trial", "One repetition of a point. Warm-ups are in no figure; trials that gave no answer are counted in a warning."},
	}
}
