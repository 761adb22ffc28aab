// Answers questions about IAM policies, read as JSON from standard input (tests/infra/simulator.py writes them).
const { readFileSync } = require('node:fs')
const { runSimulation } = require('@cloud-copilot/iam-simulate')

const everything = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }
const named = (policies) => policies.map((policy, index) => ({ name: `policy ${index}`, policy }))

async function answer(question) {
  const levels = [[everything], ...question.controls.map((control) => [everything, control])]
  const result = await runSimulation(
    {
      request: {
        principal: question.principal,
        action: question.action,
        resource: { resource: question.resource, accountId: question.account },
        contextVariables: question.context,
      },
      identityPolicies: named(question.identity ?? [everything]),
      resourcePolicy: question.own ?? undefined,
      serviceControlPolicies: levels.map((policies, level) => ({ orgIdentifier: `level ${level}`, policies: named(policies) })),
      resourceControlPolicies: [],
    },
    {},
  )
  if (result.resultType !== 'single') {
    throw new Error(`${question.action} on ${question.resource}: ${JSON.stringify(result)}`)
  }
  return { result: result.overallResult, ignored: result.result.ignoredContextKeys ?? [] }
}

async function main() {
  const answers = []
  for (const question of JSON.parse(readFileSync(0, 'utf8'))) {
    answers.push(await answer(question))
  }
  process.stdout.write(JSON.stringify(answers))
}

main().catch((error) => {
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
})
