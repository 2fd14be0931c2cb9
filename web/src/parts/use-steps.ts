import { useEffect, useState } from 'preact/hooks'

/** When something that is under way is asked for again, in milliseconds after the last time; two minutes in all. */
const STEPS = [1, 2, 4, 8, 15, 30, 30, 30].map((seconds) => seconds * 1000)

/** Calls `act` after each step's time while `isOn`; returns whether all steps are over. */
export function useSteps(isOn: boolean, act: () => void): boolean {
  const [step, setStep] = useState(0)
  useEffect(() => {
    const pause = STEPS[step]
    if (!isOn || pause === undefined) return
    const timer = setTimeout(() => {
      act()
      setStep(step + 1)
    }, pause)
    return () => clearTimeout(timer)
  }, [isOn, step])
  return step >= STEPS.length
}
